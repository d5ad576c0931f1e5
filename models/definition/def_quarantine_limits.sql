{{ definition('quarantine_limits') }}
