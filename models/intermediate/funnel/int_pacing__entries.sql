-- The linter cannot indent what a loop writes.
-- noqa: disable=LT02
-- How many entered each stage in the running period and those before, by the
-- working day that they count with.
with days as (

    select * from {{ ref('int_pacing__days') }}

),

final as (

    select
        days.period_type,
        days.period_no,
        days.counts_from_working_day as working_day_no,
        entries.dimension,
        entries.dimension_value,
        {%- for count in kpi_counts() %}
        sum(entries.{{ count }}) as {{ count }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_entries__by_dimension') }} as entries
    inner join days
        on entries.entered_date = days.date_day
    group by 1, 2, 3, 4, 5

)

select * from final
