-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
{%- set hours = [
    'response_hours', 'response_business_hours',
    'accept_hours', 'accept_business_hours',
] %}

with counted as (

    select * from {{ ref('int_cohorts__by_period') }}

),

targets as (

    select * from {{ ref('def_kpi_targets') }}
    where metric = 'sal_rate'

),

hours_ranked as (

    {% for period_type in funnel_periods() %}
    select * from {{ ref('int_hours__ranked_by_' ~ period_type) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

targets_in_force as (

    select
        counted.period_type,
        counted.period_start_date,
        counted.dimension,
        counted.dimension_value,
        max_by(targets.target, targets.effective_from) as sal_rate_target
    from counted
    inner join targets
        on
            counted.dimension = coalesce(targets.dimension, 'all')
            and coalesce(targets.dimension_value, 'all')
            = counted.dimension_value
            and counted.period_start_date >= targets.effective_from
    group by 1, 2, 3, 4

),

projections as (

    select
        counted.*,
        case
            when handed_off > 0 and pending_without_curve = 0
                then accepted + cast(expected_acceptances as double)
        end as projected_accepted,
        1.959963984540054 * sqrt(
            cast(expected_variance as double)
            + power(cast(expected_curve_error as double), 2)
        ) as projected_margin
    from counted

),

rated as (

    select
        *,
        {{ rate('accepted', 'handed_off') }} as sal_rate,
        {{ wilson_lower('accepted', 'handed_off') }} as sal_rate_lower,
        {{ wilson_upper('accepted', 'handed_off') }} as sal_rate_upper,
        {{ rate('ignored', 'handed_off') }} as ignore_rate,
        {{ wilson_lower('ignored', 'handed_off') }} as ignore_rate_lower,
        {{ wilson_upper('ignored', 'handed_off') }} as ignore_rate_upper,
        {{ rate('rejected', 'handed_off') }} as rejection_rate,
        {{ wilson_lower('rejected', 'handed_off') }} as rejection_rate_lower,
        {{ wilson_upper('rejected', 'handed_off') }} as rejection_rate_upper,
        {{ rate('pending', 'handed_off') }} as pending_rate,
        {{ wilson_lower('pending', 'handed_off') }} as pending_rate_lower,
        {{ wilson_upper('pending', 'handed_off') }} as pending_rate_upper,
        {{ rate('accepted', '(handed_off - pending)') }} as resolved_sal_rate,
        {{ wilson_lower('accepted', '(handed_off - pending)') }}
            as resolved_sal_rate_lower,
        {{ wilson_upper('accepted', '(handed_off - pending)') }}
            as resolved_sal_rate_upper,
        {{ rate('was_ignored', 'sla_due') }} as sla_breach_rate,
        {{ wilson_lower('was_ignored', 'sla_due') }} as sla_breach_rate_lower,
        {{ wilson_upper('was_ignored', 'sla_due') }} as sla_breach_rate_upper,
        {{ rate('projected_accepted', 'handed_off') }} as projected_sal_rate,
        {{ rate(
            'greatest(accepted, projected_accepted - projected_margin)',
            'handed_off'
        ) }} as projected_margin_lower,
        {{ rate(
            'least(accepted + pending, projected_accepted + projected_margin)',
            'handed_off'
        ) }} as projected_margin_upper,
        {{ rate('mql_accepted', 'mql') }} as mql_to_sal_rate,
        {{ rate('accepted_sql', 'accepted') }} as sal_to_sql_rate,
        {{ rate('sql_opportunity', 'sql') }} as sql_to_opportunity_rate,
        {{ rate('opportunity_won', 'opportunity') }} as win_rate
    from projections

)

select
    {{ hex_id(null_safe_text([
        'rated.period_type',
        'rated.period_start_date',
        'rated.dimension',
        'rated.dimension_value',
    ])) }} as funnel_monthly_id,
    rated.period_type,
    rated.period_start_date,
    rated.dimension,
    rated.dimension_value,
    rated.handed_off,
    rated.accepted,
    rated.accepted_late,
    rated.rejected,
    rated.ignored,
    rated.pending,
    rated.withdrawn,
    rated.was_ignored,
    rated.sla_due,
    rated.mql,
    rated.sql,
    rated.opportunity,
    rated.won,
    cast(rated.opportunity_amount_reporting as decimal(18, 2))
        as opportunity_amount_reporting,
    cast(rated.won_amount_reporting as decimal(18, 2)) as won_amount_reporting,
    rated.sal_rate,
    rated.sal_rate_lower,
    rated.sal_rate_upper,
    rated.ignore_rate,
    rated.ignore_rate_lower,
    rated.ignore_rate_upper,
    rated.rejection_rate,
    rated.rejection_rate_lower,
    rated.rejection_rate_upper,
    rated.pending_rate,
    rated.pending_rate_lower,
    rated.pending_rate_upper,
    rated.resolved_sal_rate,
    rated.resolved_sal_rate_lower,
    rated.resolved_sal_rate_upper,
    rated.sla_breach_rate,
    rated.sla_breach_rate_lower,
    rated.sla_breach_rate_upper,
    rated.projected_sal_rate,
    case
        when rated.projected_sal_rate is not null
            then rated.projected_margin_lower
    end as projected_sal_rate_lower,
    case
        when rated.projected_sal_rate is not null
            then rated.projected_margin_upper
    end as projected_sal_rate_upper,
    rated.pending = 0 as is_mature,
    rated.mql_to_sal_rate,
    rated.sal_to_sql_rate,
    rated.sql_to_opportunity_rate,
    rated.win_rate,
    {%- for column in hours %}
    hours_ranked.{{ column }}_median,
    hours_ranked.{{ column }}_p90,
    {%- endfor %}
    cast(targets_in_force.sal_rate_target as decimal(9, 4)) as sal_rate_target,
    rated.sal_rate - cast(targets_in_force.sal_rate_target as double)
        as sal_rate_gap
from rated
left join hours_ranked
    on
        rated.period_type = hours_ranked.period_type
        and rated.period_start_date = hours_ranked.period_start_date
        and rated.dimension = hours_ranked.dimension
        and rated.dimension_value
        is not distinct from hours_ranked.dimension_value
left join targets_in_force
    on
        rated.period_type = targets_in_force.period_type
        and rated.period_start_date = targets_in_force.period_start_date
        and rated.dimension = targets_in_force.dimension
        and rated.dimension_value
        is not distinct from targets_in_force.dimension_value
