{{ definition('ignored_change_reasons') }}
