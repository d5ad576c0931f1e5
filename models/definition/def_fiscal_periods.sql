{{ definition('fiscal_periods') }}
