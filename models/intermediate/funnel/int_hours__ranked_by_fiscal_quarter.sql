-- Not at the same time as the one before it, which would take the memory twice.
-- depends_on: {{ ref('int_hours__ranked_by_month') }}
{{ hours_ranked('fiscal_quarter') }}
