{#- How many periods before the one of as_of it is compared with. -#}
{%- set periods_before = 4 -%}

-- The days of the fiscal period and the fiscal quarter of as_of (period_no 0)
-- and of the last four before each, numbered by working days: no weekend and no
-- holiday of dim_dates. A period before the first lead is nothing to compare
-- with.
with dates as (

    select * from {{ ref('dim_dates') }}

),

own_periods as (

    select * from {{ ref('def_fiscal_periods') }}

),

today as (

    select * from {{ ref('int_today') }}

),

first_entry as (

    select min(entered_date) as entered_date
    from {{ ref('mart_funnel_period') }}

),

-- As in dim_dates, a day is of the company's own period, else of its month.
days_in_periods as (

    select
        'fiscal_period' as period_type,
        coalesce(
            'own ' || own_periods.fiscal_period_id,
            cast(dates.month_start_date as {{ dbt.type_string() }})
        ) as period_key,
        dates.*
    from dates
    left join own_periods
        on
            dates.date_day >= own_periods.start_date
            and dates.date_day <= own_periods.end_date

    union all

    select
        'fiscal_quarter' as period_type,
        cast(dates.fiscal_year as {{ dbt.type_string() }}) || ' '
        || cast(dates.fiscal_quarter as {{ dbt.type_string() }}) as period_key,
        dates.*
    from dates

),

periods as (

    select
        period_type,
        period_key,
        min(date_day) as period_start_date,
        max(date_day) as period_end_date
    from days_in_periods
    group by 1, 2

),

periods_numbered as (

    select
        periods.*,
        row_number() over (
            partition by periods.period_type
            order by periods.period_start_date desc
        ) - 1 as period_no
    from periods
    cross join today
    where periods.period_start_date <= today.as_of_date

),

days as (

    select
        periods_numbered.period_type,
        cast(periods_numbered.period_no as integer) as period_no,
        periods_numbered.period_start_date,
        periods_numbered.period_end_date,
        dates.date_day,
        dates.month_start_date,
        not dates.is_weekend and not dates.is_holiday as is_working_day,
        case when dates.is_weekend or dates.is_holiday then 0 else 1 end
            as working_day
    from periods_numbered
    cross join first_entry
    inner join days_in_periods as dates
        on
            periods_numbered.period_type = dates.period_type
            and periods_numbered.period_key = dates.period_key
    where
        periods_numbered.period_no = 0
        or (
            periods_numbered.period_no <= {{ periods_before }}
            and periods_numbered.period_end_date >= first_entry.entered_date
        )

),

days_numbered as (

    select
        *,
        sum(working_day) over (
            partition by period_type, period_no
            order by date_day
            rows between unbounded preceding and current row
        ) as working_day_no,
        sum(working_day) over (partition by period_type, period_no)
            as working_days
    from days

),

-- What happens on a day off counts with the next working day, or with the last
-- one of the period where none comes any more.
final as (

    select
        period_type,
        period_no,
        period_start_date,
        period_end_date,
        date_day,
        month_start_date,
        is_working_day,
        cast(working_day_no as integer) as working_day_no,
        cast(working_days as integer) as working_days,
        cast(least(working_day_no + 1 - working_day, working_days) as integer)
            as counts_from_working_day
    from days_numbered

)

select * from final
