{%- set hour_us = 3600000000 -%}

-- The inverse of the clock: which piece holds the n-th opening hour. A piece
-- stands once in each hour that it touches, so that a due time is found with an
-- equality join.
with pieces as (

    select * from {{ ref('int_calendar__pieces') }}
    where end_us > start_us

),

numbers as (

    {{ dbt.generate_series(26) }}

),

hours_touched as (

    select
        pieces.calendar_id,
        cast(floor(pieces.before_us / {{ hour_us }}) as bigint)
        + cast(numbers.generated_number - 1 as bigint) as opening_hour,
        pieces.start_us,
        pieces.before_us,
        pieces.after_us
    from pieces
    inner join numbers
        on
            numbers.generated_number - 1
            <= floor((pieces.after_us - 1) / {{ hour_us }})
            - floor(pieces.before_us / {{ hour_us }})

)

select * from hours_touched
