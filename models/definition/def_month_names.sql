{{ definition('month_names') }}
