{#- The most opening hours of an SLA that are asked about. -#}
{%- set longest = 80 -%}

-- What another SLA would have made of marketing's hand-offs, all else being as
-- it was: in the calendar of each one's own policy, and with touches that stop
-- the clock where that policy lets them.
with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}

),

aged as (

    select * from {{ ref('int_handoffs__aged') }}

),

slas as (

    {{ dbt.generate_series(longest) }}

),

-- An SLA of n hours was missed where n hours passed before anybody acted. What
-- was accepted or rejected stays so; the rest is as the clock says.
handoffs as (

    select
        cast(
            {{ dbt.date_trunc('month', 'lifecycles.handed_off_date') }} as date
        ) as cohort_month_date,
        lifecycles.team,
        case
            when lifecycles.outcome in ('accepted', 'rejected')
                then lifecycles.outcome
            when aged.was_open_too_long then 'ignored'
            when lifecycles.exit_stage is not null then 'withdrawn'
            else 'pending'
        end as outcome_in_time,
        least(floor(aged.unattended_business_hours), {{ longest }})
            as unattended_hours,
        least(floor(aged.elapsed_business_hours), {{ longest }})
            as elapsed_hours
    from lifecycles
    inner join aged
        on lifecycles.lifecycle_id = aged.lifecycle_id

),

-- Few rows, so that each can be asked about every SLA.
counted as (

    select
        cohort_month_date,
        team,
        outcome_in_time,
        unattended_hours,
        elapsed_hours,
        count(*) as handoffs
    from handoffs
    group by 1, 2, 3, 4, 5

),

judged as (

    select
        counted.cohort_month_date,
        counted.team,
        cast(slas.generated_number as integer) as sla_business_hours,
        counted.handoffs,
        counted.unattended_hours >= slas.generated_number as was_ignored,
        counted.elapsed_hours >= slas.generated_number as is_due,
        case
            when
                counted.outcome_in_time in ('withdrawn', 'pending')
                and counted.unattended_hours >= slas.generated_number
                then 'ignored'
            else counted.outcome_in_time
        end as outcome
    from counted
    cross join slas

),

summed as (

    select
        cohort_month_date,
        team,
        sla_business_hours,
        sum(handoffs) filter (where outcome <> 'withdrawn') as handed_off,
        sum(handoffs) filter (where outcome = 'ignored') as ignored,
        sum(handoffs) filter (where was_ignored) as was_ignored,
        sum(handoffs) filter (where outcome <> 'withdrawn' and is_due)
            as sla_due
    from judged
    group by 1, 2, 3

),

filled as (

    select
        cohort_month_date,
        team,
        sla_business_hours,
        cast(coalesce(handed_off, 0) as bigint) as handed_off,
        cast(coalesce(ignored, 0) as bigint) as ignored,
        cast(coalesce(was_ignored, 0) as bigint) as was_ignored,
        cast(coalesce(sla_due, 0) as bigint) as sla_due
    from summed

)

select
    {{ hex_id(null_safe_text([
        'cohort_month_date', 'team', 'sla_business_hours',
    ])) }} as sla_sensitivity_id,
    cohort_month_date,
    team,
    sla_business_hours,
    handed_off,
    ignored,
    was_ignored,
    sla_due,
    {{ rate('ignored', 'handed_off') }} as ignore_rate,
    {{ rate('was_ignored', 'sla_due') }} as sla_breach_rate
from filled
