{{ definition('fx_rates') }}
