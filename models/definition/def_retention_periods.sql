{{ definition('retention_periods') }}
