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

    select * from {{ ref('int_fx_rates__in_force') }}

),

amounts_dated as (

    select
        opportunities.source || '|' || opportunities.source_key
            as opportunity_ref,
        opportunities.opportunity_id,
        opportunities.record_key,
        opportunities.amount,
        coalesce(opportunities.currency, sources.currency) as currency,
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

converted as (

    select
        amounts_dated.opportunity_ref,
        amounts_dated.opportunity_id,
        amounts_dated.record_key,
        amounts_dated.amount,
        amounts_dated.currency,
        amounts_dated.rate_date,
        amounts_dated.amount is not null and rates.rate is null
            as is_rate_missing,
        {{ converted_amount('amounts_dated.amount', 'rates.rate') }}
            as amount_reporting
    from amounts_dated
    left join rates
        on
            amounts_dated.currency = rates.currency
            and amounts_dated.rate_date >= rates.valid_from
            and amounts_dated.rate_date < rates.valid_before

)

select * from converted
