{#- So many of the last days have a snapshot; before them each month's last. -#}
{%- set last_days = 90 -%}

-- The days that a snapshot is taken of, with the midnight that ends each: the
-- last of them has ended at as_of.
with settings as (

    select * from {{ source('settings', 'run') }}

),

clock as (

    select as_of from {{ ref('int_run__clock') }}

),

days as (

    select
        dates.date_day,
        {{ to_utc(
            'cast(' ~ dbt.dateadd('day', 1, 'dates.date_day') ~ ' as timestamp)',
            'settings.reporting_timezone'
        ) }} as ended_at,
        dates.date_day
        = cast({{ dbt.last_day('dates.date_day', 'month') }} as date)
            as is_last_of_month
    from {{ ref('dim_dates') }} as dates
    cross join settings

),

days_over as (

    select
        days.*,
        row_number() over (order by days.date_day desc) as days_ago
    from days
    cross join clock
    where days.ended_at <= clock.as_of

)

select
    cast(row_number() over (order by date_day) as bigint) as snapshot_no,
    date_day as snapshot_date,
    ended_at
from days_over
where is_last_of_month or days_ago <= {{ last_days }}
