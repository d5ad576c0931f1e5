{{ hours_ranked('fiscal_quarter') }}
