with ledger_costs as (
    select *
    from {{ surviving_rows([ref('stg_ledger__costs')]) }}
)

select
    source,
    source_table,
    source_key,
    cast(1 as bigint) as line_no,
    is_key_missing,
    cost_date,
    cost_date_text,
    cast(null as string) as platform,
    account,
    campaign_id,
    cast(null as string) as campaign_name,
    cast(null as string) as utm_campaign,
    vendor,
    memo,
    amount,
    amount_text,
    upper(currency) as currency,
    is_deleted_by_loader as is_deleted,
    row_loaded_at as loaded_at
from ledger_costs
