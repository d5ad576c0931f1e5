{{ definition('japanese_eras') }}
