{{ definition('quarantine_rules') }}
