-- The fiscal period of each day: what the seed fiscal_periods says, else the
-- calendar month.
with dates as (

    select date_day from {{ ref('dim_dates') }}

    union distinct

    select spend_date as date_day from {{ ref('int_spend__lines') }}

),

periods as (

    select * from {{ ref('def_fiscal_periods') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

months as (

    select
        dates.date_day,
        cast({{ dbt.date_trunc('month', 'dates.date_day') }} as date)
            as start_date,
        cast(extract(year from dates.date_day) as integer) as calendar_year,
        cast(extract(month from dates.date_day) as integer) as calendar_month,
        settings.fiscal_year_start_month as start_month
    from dates
    cross join settings

),

months_numbered as (

    select
        *,
        calendar_year
        - case when calendar_month < start_month then 1 else 0 end
            as fiscal_year,
        cast(mod(calendar_month - start_month + 12, 12) + 1 as integer)
            as fiscal_month
    from months

),

final as (

    select
        months.date_day,
        coalesce(
            periods.fiscal_period_id,
            cast(months.calendar_year as {{ dbt.type_string() }})
            || case when months.calendar_month < 10 then '-0' else '-' end
            || cast(months.calendar_month as {{ dbt.type_string() }})
        ) as fiscal_period_id,
        coalesce(periods.start_date, months.start_date) as period_start_date,
        coalesce(
            periods.end_date,
            cast(
                {{ dbt.dateadd(
                    'day', -1, dbt.dateadd('month', 1, 'months.start_date')
                ) }} as date
            )
        ) as period_end_date,
        cast(
            case
                when periods.fiscal_period_id is not null
                    then periods.fiscal_year
                else months.fiscal_year
            end as integer
        ) as fiscal_year,
        cast(
            case
                when periods.fiscal_period_id is not null
                    then periods.fiscal_quarter
                else floor((months.fiscal_month - 1) / 3) + 1
            end as integer
        ) as fiscal_quarter,
        cast(
            case
                when periods.fiscal_period_id is not null
                    then periods.fiscal_month
                else months.fiscal_month
            end as integer
        ) as fiscal_month,
        periods.name
    from months_numbered as months
    left join periods
        on
            months.date_day >= periods.start_date
            and months.date_day <= periods.end_date

)

select * from final
