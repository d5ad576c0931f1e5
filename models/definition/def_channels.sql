{{ definition('channels') }}
