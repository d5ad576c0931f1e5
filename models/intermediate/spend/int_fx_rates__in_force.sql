-- The rate of a day, else the latest before it: each holds until the next.
with settings as (

    select * from {{ source('settings', 'run') }}

),

rates as (

    select
        fx_rates.rate_date,
        upper(trim(fx_rates.currency)) as currency,
        -- A rate that names its reporting currency goes before one that
        -- leaves it to the run.
        max_by(
            fx_rates.rate,
            case when fx_rates.reporting_currency is null then 0 else 1 end
        ) as rate
    from {{ ref('def_fx_rates') }} as fx_rates
    cross join settings
    where
        coalesce(
            upper(trim(fx_rates.reporting_currency)),
            settings.reporting_currency
        ) = settings.reporting_currency
        and upper(trim(fx_rates.currency)) <> settings.reporting_currency
        and fx_rates.rate_date is not null
        and fx_rates.rate is not null
    group by 1, 2

),

held as (

    select
        currency,
        rate_date as valid_from,
        coalesce(
            lead(rate_date) over (partition by currency order by rate_date),
            cast('9999-12-31' as date)
        ) as valid_before,
        rate
    from rates

),

-- The reporting currency is worth itself, on every day.
final as (

    select * from held

    union all

    select
        reporting_currency as currency,
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_before,
        cast(1 as decimal(18, 8)) as rate
    from settings

)

select * from final
