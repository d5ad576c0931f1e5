-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per raw table and day of the last weeks that ended before as_of, in
-- the reporting time zone, with how many rows tell of it.
{%- set days_back = 77 %}

with clock as (

    select
        clock.as_of,
        settings.reporting_timezone,
        cast(
            {{ from_utc('clock.as_of', 'settings.reporting_timezone') }}
            as date
        ) as as_of_date
    from {{ ref('int_run__clock') }} as clock
    cross join {{ source('settings', 'run') }} as settings

),

instants as (

{%- for entity, column in [
    ('records', 'created_at'),
    ('observations', 'observed_at'),
    ('activities', 'occurred_at'),
    ('touches', 'touched_at'),
    ('opportunities', 'created_at'),
] %}
    select
        source,
        source_table,
        {{ column }} as happened_at
    from {{ ref('input_layer__' ~ entity) }}
    cross join clock
    where
        {{ column }} <= clock.as_of
        and {{ column }}
        > cast({{ dbt.dateadd('day', -days_back, 'clock.as_of') }} as date)
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

days as (

    select
        instants.source,
        instants.source_table,
        cast(
            {{ from_utc('instants.happened_at', 'clock.reporting_timezone') }}
            as date
        ) as date_day
    from instants
    cross join clock

    union all

    select
        costs.source,
        costs.source_table,
        costs.cost_date as date_day
    from {{ ref('input_layer__costs') }} as costs
    cross join clock
    where
        not costs.is_deleted
        and costs.cost_date
        > cast({{ dbt.dateadd('day', -days_back, 'clock.as_of') }} as date)

)

select
    days.source,
    days.source_table,
    days.date_day,
    clock.as_of_date,
    count(*) as row_count
from days
cross join clock
where days.date_day < clock.as_of_date
group by 1, 2, 3, 4
