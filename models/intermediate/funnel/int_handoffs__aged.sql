-- How long each hand-off of marketing lay, in opening hours of the calendar of
-- its policy: until sales acted, and until as_of.
with handoffs as (

    select
        lifecycle_id,
        sla_calendar_id as calendar_id,
        handed_off_at,
        exited_at,
        as_of,
        acted_business_hours,
        {{ from_epoch_us(
            epoch_us('handed_off_at')
            ~ ' + max_pending_days * cast(86400000000 as bigint)'
        ) }} as pending_until
    from {{ ref('fct_lead_lifecycles') }}
    where origin = 'marketing'

),

starts as (

    {{ business_us('handoffs', 'lifecycle_id', 'handed_off_at') }}

),

calendars as (

    select distinct
        calendar_id,
        as_of
    from handoffs

),

ends as (

    {{ business_us('calendars', 'calendar_id', 'as_of') }}

),

elapsed as (

    select
        handoffs.*,
        {{ hours_of('ends.business_us - starts.business_us') }}
            as elapsed_business_hours
    from handoffs
    inner join starts
        on handoffs.lifecycle_id = starts.lifecycle_id
    inner join ends
        on handoffs.calendar_id = ends.calendar_id

),

final as (

    select
        lifecycle_id,
        elapsed_business_hours,
        coalesce(acted_business_hours, elapsed_business_hours)
            as unattended_business_hours,
        coalesce(
            as_of >= pending_until
            and coalesce(exited_at > pending_until, true),
            false
        ) as was_open_too_long
    from elapsed

)

select * from final
