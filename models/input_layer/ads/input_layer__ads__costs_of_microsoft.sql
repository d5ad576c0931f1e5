with microsoft_days as (
    select *
    from {{ surviving_rows([ref('stg_ads__microsoft_campaign_days')]) }}
)

select
    source,
    source_table,
    source_key,
    cast(1 as bigint) as line_no,
    is_key_missing,
    date_day as cost_date,
    date_day_text as cost_date_text,
    'microsoft_ads' as platform,
    account_id as account,
    campaign_id,
    campaign_name,
    cast(null as string) as utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    spend as amount,
    spend_text as amount_text,
    upper(currency) as currency,
    is_deleted_by_loader as is_deleted,
    row_loaded_at as loaded_at
from microsoft_days
