{{ definition('history_retention') }}
