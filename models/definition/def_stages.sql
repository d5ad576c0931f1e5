{{ definition('stages') }}
