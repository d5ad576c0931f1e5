{{ definition('rejection_reasons') }}
