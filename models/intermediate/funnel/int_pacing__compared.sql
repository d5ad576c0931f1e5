-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- What each period before had counted by each working day: its last one, and
-- the mean of those there are, four at most.
with days as (

    select * from {{ ref('int_pacing__days') }}

),

entries as (

    select * from {{ ref('int_pacing__entries') }}

),

ever_entered as (

    select
        period_type,
        dimension,
        dimension_value,
        {%- for count in kpi_counts() %}
        sum({{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from entries
    group by 1, 2, 3

),

series as (

    select
        period_type,
        dimension,
        dimension_value
    from ever_entered

    union distinct

    select distinct
        period_type,
        dimension,
        dimension_value
    from {{ ref('int_pacing__targets') }}

),

periods_before as (

    select distinct
        period_type,
        period_no
    from days
    where period_no > 0

),

working_days as (

    select distinct
        period_type,
        working_day_no
    from days
    where period_no = 0

),

-- Each working day is asked of each period, also where nothing happened on it.
asked as (

    select
        series.period_type,
        periods_before.period_no,
        working_days.working_day_no,
        series.dimension,
        series.dimension_value,
        {%- for count in kpi_counts() %}
        0 as {{ count }},
        {%- endfor %}
        true as is_asked
    from series
    inner join periods_before
        on series.period_type = periods_before.period_type
    inner join working_days
        on series.period_type = working_days.period_type

    union all

    select
        *,
        false as is_asked
    from entries
    where period_no > 0

),

cumulated as (

    select
        period_type,
        period_no,
        working_day_no,
        dimension,
        dimension_value,
        is_asked,
        {%- for count in kpi_counts() %}
        sum({{ count }}) over so_far as {{ count }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from asked
    window so_far as (
        partition by period_type, period_no, dimension, dimension_value
        order by working_day_no
        range between unbounded preceding and current row
    )

),

final as (

    select
        series.period_type,
        working_days.working_day_no,
        series.dimension,
        series.dimension_value,
        {%- for count in kpi_counts() %}
        max(case when cumulated.period_no = 1 then cumulated.{{ count }} end)
            as previous_{{ count }},
        sum(cumulated.{{ count }}) as compared_{{ count }},
        max(coalesce(ever_entered.{{ count }}, 0)) as ever_{{ count }},
        {%- endfor %}
        count(cumulated.period_no) as periods_compared
    from series
    inner join working_days
        on series.period_type = working_days.period_type
    left join cumulated
        on
            series.period_type = cumulated.period_type
            and working_days.working_day_no = cumulated.working_day_no
            and series.dimension = cumulated.dimension
            and series.dimension_value
            is not distinct from cumulated.dimension_value
            and cumulated.is_asked
    left join ever_entered
        on
            series.period_type = ever_entered.period_type
            and series.dimension = ever_entered.dimension
            and series.dimension_value
            is not distinct from ever_entered.dimension_value
    group by 1, 2, 3, 4

)

select * from final
