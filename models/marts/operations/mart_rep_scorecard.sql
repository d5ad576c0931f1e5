with passes as (

    select * from {{ ref('fct_handoffs') }}

),

lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}

),

open_handoffs as (

    select
        handoff_id,
        open_business_hours
    from {{ ref('int_handoffs__open') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

passes_dated as (

    select
        passes.*,
        cast(
            {{ dbt.date_trunc(
                'month',
                from_utc('passes.passed_at', 'settings.reporting_timezone')
            ) }} as date
        ) as month_start_date,
        coalesce(passes.business_hours, open_handoffs.open_business_hours)
            as hours_in_hand,
        passes.due_at <= lifecycles.as_of
        and passes.outcome <> 'withdrawn' as is_due,
        -- The bridge from marketing to sales, of what this rep took on.
        case
            when lifecycles.mql_at <= passes.passed_at
                then passes.lifecycle_id
        end as mql_lifecycle_id,
        case
            when lifecycles.adr_id = passes.owner_id
                then passes.lifecycle_id
        end as tal_lifecycle_id,
        case
            when
                lifecycles.adr_id = passes.owner_id
                and lifecycles.mql_at <= passes.passed_at
                then passes.lifecycle_id
        end as mql_tal_lifecycle_id,
        case
            when
                lifecycles.adr_id = passes.owner_id
                and lifecycles.outcome = 'accepted'
                then passes.lifecycle_id
        end as sal_lifecycle_id
    from passes
    inner join lifecycles
        on passes.lifecycle_id = lifecycles.lifecycle_id
    left join open_handoffs
        on passes.handoff_id = open_handoffs.handoff_id
    cross join settings

),

counted as (

    select
        owner_id,
        team,
        month_start_date,
        count(*) as passes,
        {%- for outcome in [
            'accepted', 'rejected', 'ignored', 'pending', 'withdrawn',
            'reassigned',
        ] %}
        count(case when outcome = '{{ outcome }}' then 1 end) as {{ outcome }},
        {%- endfor %}
        count(case when is_due then 1 end) as sla_due,
        count(case when is_due and was_ignored then 1 end) as was_ignored,
        count(rep_hours) as answered,
        {{ percentiles('routing_hours', [0.5, 0.9]) }} as routing_hours,
        {{ percentiles('rep_hours', [0.5, 0.9]) }} as rep_hours,
        cast(sum(cast(hours_in_hand as decimal(28, 12))) as double)
            as hours_in_hand,
        count(distinct mql_lifecycle_id) as mqls,
        count(distinct tal_lifecycle_id) as tals,
        count(distinct mql_tal_lifecycle_id) as mql_tals,
        count(distinct sal_lifecycle_id) as tals_accepted
    from passes_dated
    group by 1, 2, 3

),

final as (

    select
        *,
        sum(passes) over (partition by month_start_date, team) as team_passes,
        sum(cast(hours_in_hand as decimal(28, 12)))
            over (partition by month_start_date, team) as team_hours_in_hand
    from counted

)

select
    {{ hex_id(null_safe_text(['owner_id', 'team', 'month_start_date'])) }}
        as rep_scorecard_id,
    owner_id,
    team,
    month_start_date,
    cast(passes as bigint) as passes,
    cast(accepted as bigint) as accepted,
    cast(rejected as bigint) as rejected,
    cast(ignored as bigint) as ignored,
    cast(pending as bigint) as pending,
    cast(withdrawn as bigint) as withdrawn,
    cast(reassigned as bigint) as reassigned,
    cast(sla_due as bigint) as sla_due,
    cast(was_ignored as bigint) as was_ignored,
    {{ rate('was_ignored', 'sla_due') }} as sla_breach_rate,
    cast(answered as bigint) as answered,
    {{ percentile_of('routing_hours', 1) }} as routing_hours_median,
    {{ percentile_of('routing_hours', 2) }} as routing_hours_p90,
    {{ percentile_of('rep_hours', 1) }} as rep_hours_median,
    {{ percentile_of('rep_hours', 2) }} as rep_hours_p90,
    hours_in_hand as open_business_hours,
    {{ rate('passes', 'team_passes') }} as team_handoff_share,
    {{ rate('hours_in_hand', 'team_hours_in_hand') }} as team_open_time_share,
    cast(mqls as bigint) as mqls,
    cast(tals as bigint) as tals,
    cast(mql_tals as bigint) as mql_tals,
    cast(tals_accepted as bigint) as tals_accepted,
    {{ rate('mql_tals', 'mqls') }} as mql_to_tal_rate,
    {{ rate('tals_accepted', 'tals') }} as tal_to_sal_rate
from final
