-- The targets of counts, spread evenly over the working days of their months
-- and added up over the days of the period of as_of: so a period of four or
-- five weeks has its part of each month that it touches.
with days as (

    select * from {{ ref('int_pacing__days') }}
    where period_no = 0

),

dates as (

    select * from {{ ref('dim_dates') }}

),

targets as (

    select * from {{ ref('int_kpi_targets__by_month') }}
    where
        metric in (
            {%- for count in kpi_counts() %}
            '{{ count }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

),

working_days_of_months as (

    select
        month_start_date,
        count(*) as working_days
    from dates
    where not is_weekend and not is_holiday
    group by 1

),

-- Of each day, the working days up to it in each month of its period.
so_far as (

    select
        days.period_type,
        days.date_day,
        earlier.month_start_date,
        sum(case when earlier.is_working_day then 1 else 0 end)
            as working_days_so_far
    from days
    inner join days as earlier
        on
            days.period_type = earlier.period_type
            and days.date_day >= earlier.date_day
    group by 1, 2, 3

),

pieces as (

    select
        so_far.period_type,
        so_far.date_day,
        targets.metric,
        targets.dimension,
        targets.dimension_value,
        cast(
            cast(targets.target as double) * so_far.working_days_so_far
            / (working_days_of_months.working_days * 1e0)
            as decimal(28, 9)
        ) as target
    from so_far
    inner join targets
        on so_far.month_start_date = targets.month_start_date
    inner join working_days_of_months
        on so_far.month_start_date = working_days_of_months.month_start_date

),

final as (

    select
        period_type,
        date_day,
        metric,
        dimension,
        dimension_value,
        cast(sum(target) as double) as target_to_date
    from pieces
    group by 1, 2, 3, 4, 5

)

select * from final
