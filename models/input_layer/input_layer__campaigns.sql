with generic_campaigns as (
    select *
    from {{ surviving_rows(ref('stg_generic__campaigns')) }}
),

salesforce_campaigns as (
    select *
    from {{ surviving_rows(ref('stg_salesforce__campaigns')) }}
),

marketo_programs as (
    select *
    from {{ surviving_rows(ref('stg_marketo__programs')) }}
)

select
    source,
    source_table,
    source_key,
    is_key_missing,
    campaign_id,
    campaign_id as campaign_match_id,
    campaign_name,
    utm_campaign,
    coalesce(start_date, created_date) as cost_date,
    actual_cost,
    actual_cost_text,
    upper(cost_currency) as cost_currency,
    false as is_deleted
from generic_campaigns

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    campaign_id,
    {{ sf_match_id('campaign_id') }} as campaign_match_id,
    campaign_name,
    utm_campaign,
    coalesce(start_date, created_date) as cost_date,
    actual_cost,
    actual_cost_text,
    upper(cost_currency) as cost_currency,
    coalesce(is_deleted, false) as is_deleted
from salesforce_campaigns

union all

select
    source,
    source_table,
    source_key,
    is_key_missing,
    campaign_id,
    campaign_id as campaign_match_id,
    campaign_name,
    utm_campaign,
    coalesce(start_date, created_date) as cost_date,
    actual_cost,
    actual_cost_text,
    upper(cost_currency) as cost_currency,
    false as is_deleted
from marketo_programs
