-- One row per day with the starts of its month, fiscal quarter and fiscal year.
with dates as (

    select * from {{ ref('dim_dates') }}

),

starts as (

    select
        date_day,
        month_start_date,
        min(month_start_date) over (
            partition by fiscal_year, fiscal_quarter
        ) as fiscal_quarter_start_date,
        min(month_start_date) over (partition by fiscal_year)
            as fiscal_year_start_date
    from dates

)

select * from starts
