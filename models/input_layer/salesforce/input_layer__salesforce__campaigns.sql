select
    {{ row_columns() }},
    campaign_id,
    {{ sf_match_id('campaign_id') }} as campaign_match_id,
    campaign_name,
    campaign_type,
    utm_campaign,
    coalesce(start_date, created_date) as cost_date,
    actual_cost,
    actual_cost_text,
    upper(cost_currency) as cost_currency,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_salesforce__campaigns') }}
