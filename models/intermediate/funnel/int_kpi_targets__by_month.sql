-- The target in force at the first day of each month, from the first month with
-- a lead to the end of the fiscal year of as_of: what is still to come has a
-- target, too.
with targets as (

    select
        metric,
        coalesce(dimension, 'all') as dimension,
        coalesce(dimension_value, 'all') as dimension_value,
        effective_from,
        target,
        marketing_owner,
        sales_owner
    from {{ ref('def_kpi_targets') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

today as (

    select * from {{ ref('int_today') }}

),

first_entry as (

    select min(entered_date) as entered_date
    from {{ ref('mart_funnel_period') }}

),

months as (

    select
        starts.month_start_date,
        today.as_of_date,
        cast(
            {{ dbt.date_trunc('month', 'today.as_of_date') }} as date
        ) as as_of_month_date
    from dates as starts
    cross join today
    cross join first_entry
    inner join dates as now
        on
            today.as_of_date = now.date_day
            and starts.fiscal_year <= now.fiscal_year
    where
        starts.date_day = starts.month_start_date
        and starts.date_day
        >= cast(
            {{ dbt.date_trunc('month', 'first_entry.entered_date') }} as date
        )

),

targets_ranked as (

    select
        months.month_start_date,
        months.as_of_date,
        months.as_of_month_date,
        targets.*,
        row_number() over (
            partition by
                months.month_start_date,
                targets.metric,
                targets.dimension,
                targets.dimension_value
            order by
                targets.effective_from desc,
                targets.target desc,
                targets.marketing_owner desc,
                targets.sales_owner desc
        ) as target_rank
    from months
    inner join targets
        on months.month_start_date >= targets.effective_from

),

final as (

    select * from targets_ranked
    where target_rank = 1

)

select * from final
