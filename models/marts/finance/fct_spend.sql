with lines as (

    select * from {{ ref('int_spend__lines') }}
    where not is_rate_missing

),

days as (

    select
        date_day,
        fiscal_period_id
    from {{ ref('int_fiscal_periods__days') }}

)

select
    lines.spend_id,
    lines.spend_date,
    days.fiscal_period_id,
    lines.source,
    lines.source_table,
    lines.source_key,
    lines.platform,
    lines.campaign_id,
    lines.given_campaign_id,
    lines.campaign_match,
    lines.account,
    lines.vendor,
    lines.memo,
    lines.currency,
    lines.amount,
    lines.rate,
    lines.amount_reporting
from lines
inner join days
    on lines.spend_date = days.date_day
