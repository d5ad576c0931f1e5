{%- set day_us = 86400000000 -%}

with openings as (

    select * from {{ ref('int_calendar__openings') }}

),


numbers as (

    {{ dbt.generate_series(40000) }}

),

calendars as (

    select
        calendar_id,
        min(opens_us) as first_us,
        max(closes_us) as last_us
    from openings
    group by 1

),

-- An opening that runs over a UTC midnight becomes two pieces, so that an
-- instant finds its piece by its UTC day, with an equality join.
first_pieces as (

    select
        calendar_id,
        open_day_no,
        opens_us as start_us,
        least(
            closes_us,
            cast(floor(opens_us / {{ day_us }}) as bigint) * {{ day_us }}
            + {{ day_us }}
        ) as end_us
    from openings

),

second_pieces as (

    select
        openings.calendar_id,
        openings.open_day_no,
        first_pieces.end_us as start_us,
        openings.closes_us as end_us
    from openings
    inner join first_pieces
        on
            openings.calendar_id = first_pieces.calendar_id
            and openings.opens_us = first_pieces.start_us
    where openings.closes_us > first_pieces.end_us

),

-- Each UTC day starts with a piece of no length: a day without an opening is
-- found as well.
midnights as (

    select
        calendars.calendar_id,
        cast(null as bigint) as open_day_no,
        cast(numbers.generated_number as bigint) * {{ day_us }} as start_us,
        cast(numbers.generated_number as bigint) * {{ day_us }} as end_us
    from calendars
    inner join numbers
        on
            numbers.generated_number * {{ day_us }}
            between calendars.first_us - 8 * {{ day_us }}
            and calendars.last_us + 8 * {{ day_us }}

),

united as (

    select * from first_pieces
    union all
    select * from second_pieces
    union all
    select * from midnights

),

accumulated as (

    select
        calendar_id,
        cast(floor(start_us / {{ day_us }}) as bigint) as utc_day,
        start_us,
        end_us,
        coalesce(
            sum(end_us - start_us) over (
                partition by calendar_id
                order by start_us, end_us
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as before_us,
        max(open_day_no) over (
            partition by calendar_id
            order by start_us, end_us
            rows between unbounded preceding and current row
        ) as open_day_no
    from united

)

select
    calendar_id,
    utc_day,
    start_us,
    end_us,
    cast(before_us as bigint) as before_us,
    cast(before_us + end_us - start_us as bigint) as after_us,
    coalesce(open_day_no, 0) as open_day_no
from accumulated
