-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
with days as (

    select * from {{ ref('int_pacing__days') }}
    where period_no = 0

),

compared as (

    select * from {{ ref('int_pacing__compared') }}

),

entries as (

    select * from {{ ref('int_entries__by_dimension') }}

),

targets as (

    select * from {{ ref('int_pacing__targets') }}

),

series_with_target as (

    select distinct
        period_type,
        metric,
        dimension,
        dimension_value
    from targets

),

today as (

    select * from {{ ref('int_today') }}

),

counted as (

    select
        compared.*,
        days.period_start_date,
        days.period_end_date,
        days.date_day,
        days.is_working_day,
        days.working_days,
        {%- for count in kpi_counts() %}
        sum(coalesce(entries.{{ count }}, 0)) over so_far
            as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from compared
    inner join days
        on
            compared.period_type = days.period_type
            and compared.working_day_no = days.working_day_no
    left join entries
        on
            days.date_day = entries.entered_date
            and compared.dimension = entries.dimension
            and compared.dimension_value
            is not distinct from entries.dimension_value
    window so_far as (
        partition by
            compared.period_type, compared.dimension, compared.dimension_value
        order by days.date_day
        rows between unbounded preceding and current row
    )

),

series as (

    {% for count in kpi_counts() %}
    select
        '{{ count }}' as metric,
        period_type,
        period_start_date,
        period_end_date,
        dimension,
        dimension_value,
        date_day,
        is_working_day,
        working_day_no,
        working_days,
        periods_compared,
        {{ count }} as entered,
        previous_{{ count }} as previous,
        compared_{{ count }} as compared,
        ever_{{ count }} as ever_entered
    from counted
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    {{ hex_id(null_safe_text([
        'series.metric',
        'series.dimension',
        'series.dimension_value',
        'series.period_type',
        'series.date_day',
    ])) }} as pacing_id,
    series.metric,
    series.dimension,
    series.dimension_value,
    series.period_type,
    series.period_start_date,
    series.period_end_date,
    series.date_day,
    series.date_day = today.as_of_date as is_today,
    series.is_working_day,
    series.working_day_no,
    series.working_days,
    case
        when series.date_day <= today.as_of_date
            then cast(series.entered as bigint)
    end as actual,
    cast(series.previous as bigint) as previous,
    {{ rate('series.compared', 'series.periods_compared') }} as mean_of_last_4,
    cast(series.periods_compared as integer) as periods_compared,
    targets.target_to_date,
    case
        when series.date_day <= today.as_of_date
            then cast(series.entered as double) - targets.target_to_date
    end as target_gap
from series
cross join today
left join targets
    on
        series.metric = targets.metric
        and series.period_type = targets.period_type
        and series.date_day = targets.date_day
        and series.dimension = targets.dimension
        and series.dimension_value is not distinct from targets.dimension_value
left join series_with_target
    on
        series.metric = series_with_target.metric
        and series.period_type = series_with_target.period_type
        and series.dimension = series_with_target.dimension
        and series.dimension_value
        is not distinct from series_with_target.dimension_value
-- A series in which nothing ever happened is none, but for the whole.
where
    series.ever_entered > 0
    or series.dimension = 'all'
    or series_with_target.metric is not null
