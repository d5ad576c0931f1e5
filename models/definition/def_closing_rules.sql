{{ definition('closing_rules') }}
