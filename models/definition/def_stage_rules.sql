{{ definition('stage_rules') }}
