{{ definition('attribution_models') }}
