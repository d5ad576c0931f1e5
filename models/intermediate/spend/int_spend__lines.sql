-- Every line of spend that counts, with the campaign of the CRM that it is and
-- what it is in the reporting currency.
with campaigns_matched as (

    select * from {{ ref('int_costs__matched') }}

),

campaign_costs as (

    select * from {{ ref('input_layer__campaigns') }}
    where
        not is_key_missing
        and not is_deleted
        and actual_cost <> 0
        and cost_date is not null

),

counted_sources as (

    select
        source,
        max({{ same_text('counts') }}) as counts
    from {{ ref('def_spend_sources') }}
    group by 1

),

sources as (

    select * from {{ source('settings', 'sources') }}

),

rates as (

    select * from {{ ref('int_fx_rates__in_force') }}

),

costs_counted as (

    select
        campaigns_matched.*,
        counted_sources.counts
    from campaigns_matched
    inner join counted_sources
        on campaigns_matched.source = counted_sources.source
    where counted_sources.counts in ('always', 'if_no_other')

),

campaign_costs_counted as (

    select
        campaign_costs.*,
        counted_sources.counts
    from campaign_costs
    inner join counted_sources
        on campaign_costs.source = counted_sources.source
    where counted_sources.counts in ('always', 'if_no_other')

),

campaigns_covered as (

    select matched_campaign_id as campaign_id
    from costs_counted
    where counts = 'always' and matched_campaign_id is not null

    union distinct

    select campaign_id
    from campaign_costs_counted
    where counts = 'always'

),

lines_united as (

    select
        costs_counted.spend_id,
        costs_counted.source,
        costs_counted.source_table,
        costs_counted.source_key,
        costs_counted.line_no,
        costs_counted.cost_date as spend_date,
        costs_counted.platform,
        costs_counted.account,
        costs_counted.matched_campaign_id as campaign_id,
        costs_counted.campaign_id as given_campaign_id,
        costs_counted.campaign_match,
        costs_counted.vendor,
        costs_counted.memo,
        costs_counted.currency,
        costs_counted.amount,
        costs_counted.counts
    from costs_counted

    union all

    select
        {{ spend_id('1') }} as spend_id,
        source,
        source_table,
        source_key,
        cast(1 as bigint) as line_no,
        cost_date as spend_date,
        cast(null as string) as platform,
        cast(null as string) as account,
        campaign_id,
        campaign_id as given_campaign_id,
        'id' as campaign_match,
        cast(null as string) as vendor,
        campaign_name as memo,
        cost_currency as currency,
        actual_cost as amount,
        counts
    from campaign_costs_counted

),

lines_kept as (

    select
        lines_united.*,
        coalesce(lines_united.currency, sources.currency) as currency_paid
    from lines_united
    inner join sources
        on lines_united.source = sources.source
    left join campaigns_covered
        on lines_united.campaign_id = campaigns_covered.campaign_id
    where
        lines_united.counts = 'always'
        or campaigns_covered.campaign_id is null

),

converted as (

    select
        lines_kept.spend_id,
        lines_kept.spend_date,
        lines_kept.source,
        lines_kept.source_table,
        lines_kept.source_key,
        lines_kept.platform,
        lines_kept.campaign_id,
        lines_kept.given_campaign_id,
        lines_kept.campaign_match,
        lines_kept.account,
        lines_kept.vendor,
        lines_kept.memo,
        lines_kept.currency_paid as currency,
        lines_kept.amount,
        rates.rate,
        rates.rate is null as is_rate_missing,
        {{ converted_amount('lines_kept.amount', 'rates.rate') }}
            as amount_reporting
    from lines_kept
    left join rates
        on
            lines_kept.currency_paid = rates.currency
            and lines_kept.spend_date >= rates.valid_from
            and lines_kept.spend_date < rates.valid_before

)

select * from converted
