{{ definition('quality_rules') }}
