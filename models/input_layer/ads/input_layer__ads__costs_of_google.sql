with google_stats as (
    select *
    from {{ surviving_rows([ref('stg_ads__google_campaign_stats')]) }}
),

google_currencies as (
    select
        row_id as account_id,
        {{ last_known('upper(currency)') }} as currency
    from {{ ref('stg_ads__google_accounts') }}
    where currency is not null
    group by row_id
)

select
    google_stats.source,
    google_stats.source_table,
    google_stats.source_key,
    cast(1 as bigint) as line_no,
    google_stats.is_key_missing,
    google_stats.date_day as cost_date,
    google_stats.date_day_text as cost_date_text,
    'google_ads' as platform,
    google_stats.account_id as account,
    google_stats.campaign_id,
    cast(null as string) as campaign_name,
    cast(null as string) as utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    -- Costs come in millionths of the account's currency.
    cast(
        round(
            google_stats.cost_micros * cast(0.000001 as decimal(7, 6)), 2
        ) as decimal(18, 2)
    ) as amount,
    google_stats.spend_text as amount_text,
    coalesce(upper(google_stats.currency), google_currencies.currency)
        as currency,
    google_stats.is_deleted_by_loader as is_deleted,
    google_stats.row_loaded_at as loaded_at
from google_stats
left join google_currencies
    on google_stats.account_id = google_currencies.account_id
