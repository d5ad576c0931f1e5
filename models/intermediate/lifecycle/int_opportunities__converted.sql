-- Opportunity amounts in the reporting currency: at the rate of the closing
-- day, open ones at that of as_of; the rate of the day, else the latest before
-- it.
with opportunities as (

    select * from {{ ref('input_layer__opportunities') }}
    where not is_key_missing and not is_deleted

),

settings as (

    select * from {{ source('settings', 'run') }}

),

sources as (

    select * from {{ source('settings', 'sources') }}

),

clock as (

    select * from {{ ref('int_run__clock') }}

),

rates as (

    select
        fx_rates.rate_date,
        upper(trim(fx_rates.currency)) as currency,
        fx_rates.rate
    from {{ ref('def_fx_rates') }} as fx_rates
    cross join settings
    where
        coalesce(fx_rates.reporting_currency, settings.reporting_currency)
        = settings.reporting_currency

),

amounts_dated as (

    select
        opportunities.source || '|' || opportunities.source_key
            as opportunity_ref,
        opportunities.opportunity_id,
        opportunities.amount,
        coalesce(opportunities.currency, sources.currency) as currency,
        settings.reporting_currency,
        cast(
            {{ from_utc(
                'case when opportunities.is_closed '
                ~ 'and opportunities.closed_at <= clock.as_of '
                ~ 'then opportunities.closed_at else clock.as_of end',
                'settings.reporting_timezone'
            ) }} as date
        ) as rate_date
    from opportunities
    inner join sources
        on opportunities.source = sources.source
    cross join settings
    cross join clock

),

days_needed as (

    select distinct
        currency,
        rate_date
    from amounts_dated
    where amount is not null and currency <> reporting_currency

),

rates_found as (

    select
        days_needed.currency,
        days_needed.rate_date,
        max_by(rates.rate, rates.rate_date) as rate
    from days_needed
    inner join rates
        on
            days_needed.currency = rates.currency
            and days_needed.rate_date >= rates.rate_date
    group by 1, 2

),

converted as (

    select
        amounts_dated.opportunity_ref,
        amounts_dated.opportunity_id,
        amounts_dated.amount,
        amounts_dated.currency,
        amounts_dated.rate_date,
        amounts_dated.amount is not null
        and amounts_dated.currency <> amounts_dated.reporting_currency
        and rates_found.rate is null as is_rate_missing,
        cast(
            round(
                -- Wide enough that no product of money and rate overflows.
                cast(amounts_dated.amount as decimal(20, 2)) * case
                    when
                        amounts_dated.currency
                        = amounts_dated.reporting_currency
                        then cast(1 as decimal(18, 8))
                    else rates_found.rate
                end,
                2
            ) as decimal(18, 2)
        ) as amount_reporting
    from amounts_dated
    left join rates_found
        on
            amounts_dated.currency = rates_found.currency
            and amounts_dated.rate_date = rates_found.rate_date

)

select * from converted
