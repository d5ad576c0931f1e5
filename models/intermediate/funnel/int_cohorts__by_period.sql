-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- The cohorts added up by each type of period and each dimension.
{%- set counts = [
    'handed_off', 'accepted', 'accepted_late', 'rejected', 'ignored',
    'pending', 'withdrawn', 'was_ignored', 'sla_due', 'mql', 'mql_accepted',
    'sql', 'accepted_sql', 'opportunity', 'sql_opportunity', 'won',
    'opportunity_won', 'responded', 'pending_without_curve',
] %}
{%- set sums = [
    'opportunity_amount_reporting', 'won_amount_reporting',
    'expected_acceptances', 'expected_variance', 'expected_curve_error',
] %}

with cohorts as (

    select * from {{ ref('mart_funnel_cohort') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

cohorts_in_periods as (

    select
        {%- for column in funnel_periods().values() %}
        dates.{{ column }},
        {%- endfor %}
        cohorts.*
    from cohorts
    inner join dates
        on cohorts.handed_off_date = dates.date_day

),

final as (

    {% call by_period_and_dimension('cohorts_in_periods') %}
    {%- for column in counts %}
    cast(sum({{ column }}) as bigint) as {{ column }},
    {%- endfor %}
    {%- for column in sums %}
    sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    {% endcall %}

)

select * from final
