with snapshots as (

    select * from {{ ref('int_days__snapshot') }}

),

calendars as (

    select distinct sla_calendar_id as calendar_id
    from {{ ref('fct_handoffs') }}

),

midnights as (

    select
        snapshots.snapshot_no,
        snapshots.snapshot_date,
        snapshots.ended_at,
        calendars.calendar_id,
        cast(snapshots.snapshot_no as {{ dbt.type_string() }})
        || '|' || calendars.calendar_id as midnight_key
    from snapshots
    cross join calendars

),

clocked as (

    {{ business_us('midnights', 'midnight_key', 'ended_at') }}

)

select
    midnights.calendar_id,
    midnights.snapshot_no,
    midnights.snapshot_date,
    clocked.business_us
from midnights
inner join clocked
    on midnights.midnight_key = clocked.midnight_key
