{{ hours_ranked('fiscal_year') }}
