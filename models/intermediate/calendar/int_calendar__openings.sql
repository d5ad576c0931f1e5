{#- Days since 1970-01-01 that a calendar can reach: until 2079. -#}
{%- set last_day = 40000 -%}
{#- How long after as_of a clock that runs today may still be due. -#}
{%- set days_ahead = 1100 -%}

with numbers as (

    {{ dbt.generate_series(last_day) }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

days as (

    select
        cast(numbers.generated_number as bigint) as day_no,
        cast(
            mod(numbers.generated_number + 3, 7) + 1 as integer
        ) as weekday
    from numbers
    cross join clock
    where
        numbers.generated_number * 86400000000
        between {{ epoch_us('clock.earliest_at') }} - 3 * 86400000000
        and {{ epoch_us('clock.as_of') }}
        + {{ days_ahead }} * cast(86400000000 as bigint)

),

weekly as (

    select
        calendar_id,
        timezone,
        weekday,
        cast(split_part(opens_at, ':', 1) as bigint) * 60
        + cast(split_part(opens_at, ':', 2) as bigint) as opens_minute,
        cast(split_part(closes_at, ':', 1) as bigint) * 60
        + cast(split_part(closes_at, ':', 2) as bigint) as closes_minute
    from {{ ref('def_business_calendars') }}

),

holidays as (

    select
        calendar_id,
        holiday_date
    from {{ ref('def_holidays') }}

),

opening_days as (

    select
        weekly.calendar_id,
        weekly.timezone,
        days.day_no,
        {{ from_epoch_us('days.day_no * 86400000000') }} as midnight,
        weekly.opens_minute,
        case
            when weekly.closes_minute <= weekly.opens_minute
                then weekly.closes_minute + 1440
            else weekly.closes_minute
        end as closes_minute
    from weekly
    inner join days
        on weekly.weekday = days.weekday

),

holidays_removed as (

    select
        opening_days.calendar_id,
        opening_days.timezone,
        opening_days.day_no,
        {{ from_epoch_us(
            'opening_days.day_no * 86400000000 '
            ~ '+ opening_days.opens_minute * 60000000'
        ) }} as opens_local,
        {{ from_epoch_us(
            'opening_days.day_no * 86400000000 '
            ~ '+ opening_days.closes_minute * 60000000'
        ) }} as closes_local
    from opening_days
    left join holidays
        on
            opening_days.calendar_id = holidays.calendar_id
            and cast(opening_days.midnight as date) = holidays.holiday_date
    where holidays.holiday_date is null

),

in_utc as (

    select
        calendar_id,
        day_no,
        {{ to_utc('opens_local', 'timezone') }} as opened_at,
        {{ to_utc('closes_local', 'timezone') }} as closed_at
    from holidays_removed

),

measured as (

    select
        calendar_id,
        day_no,
        opened_at,
        closed_at,
        {{ epoch_us('opened_at') }} as opens_us,
        {{ epoch_us('closed_at') }} as closes_us
    from in_utc

)

select
    calendar_id,
    day_no,
    dense_rank() over (partition by calendar_id order by day_no) as open_day_no,
    opened_at,
    closed_at,
    opens_us,
    closes_us
from measured
where closes_us > opens_us
