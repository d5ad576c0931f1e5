{#- How many periods before the one of as_of it is compared with. -#}
{%- set periods_before = 4 -%}

-- The days of the fiscal period and the fiscal quarter of as_of (period_no 0)
-- and of the last four before each, numbered by working days: no weekend and no
-- holiday of dim_dates. A period before the first lead is nothing to compare
-- with.
with dates as (

    select * from {{ ref('dim_dates') }}

),

fiscal_periods as (

    select * from {{ ref('dim_fiscal_periods') }}

),

today as (

    select * from {{ ref('int_today') }}

),

first_entry as (

    select min(entered_date) as entered_date
    from {{ ref('mart_funnel_period') }}

),

periods as (

    select
        'fiscal_period' as period_type,
        period_start_date,
        period_end_date
    from fiscal_periods

    union all

    select
        'fiscal_quarter' as period_type,
        min(period_start_date) as period_start_date,
        max(period_end_date) as period_end_date
    from fiscal_periods
    group by fiscal_year, fiscal_quarter

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

periods_compared as (

    select periods_numbered.*
    from periods_numbered
    cross join first_entry
    where
        periods_numbered.period_no = 0
        or (
            periods_numbered.period_no <= {{ periods_before }}
            and periods_numbered.period_end_date >= first_entry.entered_date
        )

),

days as (

    select
        periods_compared.period_type,
        cast(periods_compared.period_no as integer) as period_no,
        periods_compared.period_start_date,
        periods_compared.period_end_date,
        dates.date_day,
        dates.month_start_date,
        not dates.is_weekend and not dates.is_holiday as is_working_day,
        case when dates.is_weekend or dates.is_holiday then 0 else 1 end
            as working_day
    from periods_compared
    inner join dates
        on
            periods_compared.period_start_date <= dates.date_day
            and periods_compared.period_end_date >= dates.date_day

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
