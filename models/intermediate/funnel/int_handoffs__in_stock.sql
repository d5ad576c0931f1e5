-- Marketing's hand-offs that were neither accepted nor ended when a day ended,
-- with their age in opening hours then. What happens at midnight is of the day
-- that begins.
with lifecycles as (

    select * from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

first_passes as (

    select
        lifecycle_id,
        sla_calendar_id as calendar_id,
        passed_at
    from {{ ref('fct_handoffs') }}
    where pass_no = 1

),

days as (

    select * from {{ ref('int_days__snapshot') }}

),

calendars as (

    select distinct calendar_id from first_passes

),

midnights as (

    select
        days.snapshot_date,
        days.ended_at,
        calendars.calendar_id,
        cast(days.snapshot_date as {{ dbt.type_string() }})
        || '|' || calendars.calendar_id as midnight_key
    from days
    cross join calendars

),

midnights_clocked as (

    {{ business_us('midnights', 'midnight_key', 'ended_at') }}

),

handoffs_clocked as (

    {{ business_us('first_passes', 'lifecycle_id', 'passed_at') }}

),

final as (

    select
        lifecycles.lifecycle_id,
        midnights.snapshot_date,
        lifecycles.channel,
        lifecycles.team,
        lifecycles.owner_id,
        lifecycles.was_ignored
        and lifecycles.sla_due_at <= midnights.ended_at as is_overdue,
        {{ hours_of(
            'midnights_clocked.business_us - handoffs_clocked.business_us'
        ) }} as age_business_hours
    from lifecycles
    inner join first_passes
        on lifecycles.lifecycle_id = first_passes.lifecycle_id
    inner join midnights
        on
            first_passes.calendar_id = midnights.calendar_id
            and lifecycles.handed_off_at < midnights.ended_at
            and (
                lifecycles.accepted_at is null
                or lifecycles.accepted_at >= midnights.ended_at
            )
            and (
                lifecycles.exited_at is null
                or lifecycles.exited_at >= midnights.ended_at
            )
    inner join midnights_clocked
        on midnights.midnight_key = midnights_clocked.midnight_key
    inner join handoffs_clocked
        on lifecycles.lifecycle_id = handoffs_clocked.lifecycle_id

)

select * from final
