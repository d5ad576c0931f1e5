{{ definition('currency_signs') }}
