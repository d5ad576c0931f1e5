-- A form and a list are campaigns of their own; their ids are told apart.
select
    {{ row_columns() }},
    'form:' || campaign_id as campaign_id,
    'form:' || campaign_id as campaign_match_id,
    campaign_name,
    'form' as campaign_type,
    cast(null as string) as utm_campaign,
    created_date as cost_date,
    cast(null as decimal(18, 2)) as actual_cost,
    cast(null as string) as actual_cost_text,
    cast(null as string) as cost_currency,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_hubspot__forms') }}

union all

select
    {{ row_columns() }},
    'list:' || campaign_id as campaign_id,
    'list:' || campaign_id as campaign_match_id,
    campaign_name,
    'list' as campaign_type,
    cast(null as string) as utm_campaign,
    created_date as cost_date,
    cast(null as decimal(18, 2)) as actual_cost,
    cast(null as string) as actual_cost_text,
    cast(null as string) as cost_currency,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_hubspot__contact_lists') }}
