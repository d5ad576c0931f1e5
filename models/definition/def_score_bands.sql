{{ definition('score_bands') }}
