{{ definition('quality_limits') }}
