with lines as (
    select * from {{ ref('input_layer__ads__report_lines') }}
)

select
    source,
    source_table,
    source_key,
    row_number() over (
        partition by source_key
        order by md5(row_content)
    ) as line_no,
    is_key_missing,
    date_day as cost_date,
    date_day_text as cost_date_text,
    platform,
    account_id as account,
    campaign_id,
    campaign_name,
    utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    spend as amount,
    spend_text as amount_text,
    upper(currency) as currency,
    row_is_deleted as is_deleted,
    row_loaded_at as loaded_at
from lines
where file_rank = 1
