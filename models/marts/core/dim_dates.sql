{#- Days since 1970-01-01 that the dimension can reach: until 2079. -#}
{%- set last_day = 40000 -%}

with numbers as (

    {{ dbt.generate_series(last_day) }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

settings as (

    select * from {{ source('settings', 'run') }}

),

-- The calendar that holidays are shown of: the default policy's of the version
-- in force last.
calendars as (

    select min(policies.calendar_id) as calendar_id
    from {{ ref('int_sla_policies__resolved') }} as policies
    inner join {{ ref('int_funnel_versions__in_force') }} as in_force
        on policies.version = in_force.version
    cross join clock
    where
        policies.match_on = 'default'
        and in_force.valid_from <= clock.as_of
        and in_force.valid_to > clock.as_of

),

holidays as (

    select
        def_holidays.holiday_date,
        min(def_holidays.name) as holiday_name
    from {{ ref('def_holidays') }} as def_holidays
    inner join calendars
        on def_holidays.calendar_id = calendars.calendar_id
    group by 1

),

-- Periods of a company's own govern the days that they hold; other days are of
-- fiscal years by months.
periods as (

    select * from {{ ref('def_fiscal_periods') }}

),

days as (

    select
        cast(numbers.generated_number as bigint) as day_no,
        cast(
            {{ from_epoch_us(
                'cast(numbers.generated_number as bigint) * 86400000000'
            ) }} as date
        ) as date_day
    from numbers

),

bounded as (

    select
        days.day_no,
        days.date_day,
        cast(extract(year from days.date_day) as integer) as calendar_year,
        cast(extract(month from days.date_day) as integer) as calendar_month,
        extract(year from clock.earliest_at) - 1 as first_year,
        settings.fiscal_year_start_month
    from days
    cross join clock
    cross join settings
    where
        extract(year from days.date_day)
        between extract(year from clock.earliest_at) - 2
        and extract(year from clock.as_of) + 1

),

fiscal as (

    select
        bounded.*,
        cast(
            mod(calendar_month - fiscal_year_start_month + 12, 12) + 1
            as integer
        ) as fiscal_month,
        calendar_year - case
            when calendar_month < fiscal_year_start_month then 1 else 0
        end as fiscal_year,
        cast(mod(day_no + 3, 7) + 1 as integer) as iso_weekday
    from bounded

),

-- A day of a fiscal period begins with it, another one with its month.
governed as (

    select
        fiscal.date_day,
        fiscal.calendar_year,
        fiscal.calendar_month,
        fiscal.iso_weekday,
        cast({{ dbt.date_trunc('month', 'fiscal.date_day') }} as date)
            as month_start_date,
        cast(coalesce(periods.fiscal_year, fiscal.fiscal_year) as integer)
            as fiscal_year,
        cast(
            coalesce(
                periods.fiscal_quarter,
                floor((fiscal.fiscal_month - 1) / 3) + 1
            ) as integer
        ) as fiscal_quarter,
        cast(coalesce(periods.fiscal_month, fiscal.fiscal_month) as integer)
            as fiscal_month,
        coalesce(
            periods.start_date,
            cast({{ dbt.date_trunc('month', 'fiscal.date_day') }} as date)
        ) as start_date,
        fiscal.first_year
    from fiscal
    left join periods
        on
            fiscal.date_day >= periods.start_date
            and fiscal.date_day <= periods.end_date

),

-- One more year than is shown, as the first fiscal year began in it.
started as (

    select
        *,
        min(start_date) over (partition by fiscal_year, fiscal_quarter)
            as fiscal_quarter_start_date,
        min(start_date) over (partition by fiscal_year)
            as fiscal_year_start_date
    from governed

)

select
    started.date_day,
    started.calendar_year,
    started.calendar_month,
    started.month_start_date,
    started.fiscal_year,
    started.fiscal_quarter,
    started.fiscal_month,
    started.fiscal_quarter_start_date,
    started.fiscal_year_start_date,
    started.iso_weekday,
    started.iso_weekday >= 6 as is_weekend,
    holidays.holiday_name is not null as is_holiday,
    holidays.holiday_name
from started
left join holidays
    on started.date_day = holidays.holiday_date
where started.calendar_year >= started.first_year
