{{ hours_ranked('month') }}
