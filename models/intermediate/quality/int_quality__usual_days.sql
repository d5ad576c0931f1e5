-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- One row per raw table and each of the last days, with its rows and the usual
-- rows of that weekday: the median of the eight weeks before.
{%- set days_judged = 14 %}
{%- set weeks_compared = 8 %}

with counted as (

    select * from {{ ref('int_quality__days') }}

),

raw_tables as (

    select
        source,
        source_table,
        as_of_date,
        min(date_day) as first_date
    from counted
    group by 1, 2, 3

),

days as (

{%- for day in range(1, days_judged + 1) %}
    select
        source,
        source_table,
        first_date,
        {{ day }} as days_ago,
        cast({{ dbt.dateadd('day', -day, 'as_of_date') }} as date) as date_day
    from raw_tables
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

same_weekdays as (

{%- for week in range(1, weeks_compared + 1) %}
    select
        source,
        source_table,
        days_ago,
        cast({{ dbt.dateadd('day', -7 * week, 'date_day') }} as date)
            as compared_date
    from days
    where
        cast({{ dbt.dateadd('day', -7 * week, 'date_day') }} as date)
        >= first_date
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

usual as (

    select
        same_weekdays.source,
        same_weekdays.source_table,
        same_weekdays.days_ago,
        count(*) as weeks_compared,
        percentile_cont(0.5) within group (
            order by coalesce(counted.row_count, 0)
        ) as usual_rows
    from same_weekdays
    left join counted
        on
            same_weekdays.source = counted.source
            and same_weekdays.source_table = counted.source_table
            and same_weekdays.compared_date = counted.date_day
    group by 1, 2, 3

)

select
    days.source,
    days.source_table,
    days.days_ago,
    days.date_day,
    coalesce(counted.row_count, 0) as row_count,
    usual.usual_rows
from days
inner join usual
    on
        days.source = usual.source
        and days.source_table = usual.source_table
        and days.days_ago = usual.days_ago
left join counted
    on
        days.source = counted.source
        and days.source_table = counted.source_table
        and days.date_day = counted.date_day
-- Of fewer weeks nothing is usual yet.
where usual.weeks_compared >= {{ weeks_compared // 2 }}
