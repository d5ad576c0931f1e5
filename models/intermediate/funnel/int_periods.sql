-- One row per day with the starts of its month, fiscal quarter and fiscal year.
with dates as (

    select * from {{ ref('dim_dates') }}

),

periods as (

    select * from {{ ref('def_fiscal_periods') }}

),

-- A day of a fiscal period begins with it, another one with its month.
fiscal_starts as (

    select
        dates.*,
        coalesce(periods.start_date, dates.month_start_date)
            as fiscal_start_date
    from dates
    left join periods
        on
            dates.date_day >= periods.start_date
            and dates.date_day <= periods.end_date

),

starts as (

    select
        date_day,
        month_start_date,
        min(fiscal_start_date) over (
            partition by fiscal_year, fiscal_quarter
        ) as fiscal_quarter_start_date,
        min(fiscal_start_date) over (partition by fiscal_year)
            as fiscal_year_start_date
    from fiscal_starts

)

select * from starts
