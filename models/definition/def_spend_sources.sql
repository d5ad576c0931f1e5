{{ definition('spend_sources') }}
