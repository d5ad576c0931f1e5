{{ definition('age_bands') }}
