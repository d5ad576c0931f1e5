{#-
    What may have a target in the seed kpi_targets. The rates are columns of
    mart_funnel_monthly (cohort basis); of each, whether more of it is better
    and whether it has an interval.
-#}
{% macro kpi_rates() -%}
{{ return({
    'sal_rate': {'more_is_better': true, 'has_bounds': true},
    'ignore_rate': {'more_is_better': false, 'has_bounds': true},
    'rejection_rate': {'more_is_better': false, 'has_bounds': true},
    'pending_rate': {'more_is_better': false, 'has_bounds': true},
    'resolved_sal_rate': {'more_is_better': true, 'has_bounds': true},
    'sla_breach_rate': {'more_is_better': false, 'has_bounds': true},
    'projected_sal_rate': {'more_is_better': true, 'has_bounds': true},
    'mql_to_sal_rate': {'more_is_better': true, 'has_bounds': false},
    'sal_to_sql_rate': {'more_is_better': true, 'has_bounds': false},
    'sql_to_opportunity_rate': {'more_is_better': true, 'has_bounds': false},
    'win_rate': {'more_is_better': true, 'has_bounds': false},
}) }}
{%- endmacro %}


{#-
    The counts, each entry on its own day (period basis): columns of
    mart_funnel_period.
-#}
{% macro kpi_counts() -%}
{{ return(['mql', 'handed_off', 'accepted', 'sql', 'opportunity', 'won']) }}
{%- endmacro %}


{#-
    What the settled hand-offs of a band differ from a forecast by, squared and
    added up, as a decimal: (1 - p)^2 of an accepted one, p^2 of another.
-#}
{% macro squared_errors(forecast) -%}
cast(
    accepted * power(1e0 - {{ forecast }}, 2)
    + (settled - accepted) * power({{ forecast }}, 2)
    as decimal(28, 12)
)
{%- endmacro %}
