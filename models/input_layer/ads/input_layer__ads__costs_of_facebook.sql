with facebook_days as (
    select *
    from {{ surviving_rows([ref('stg_ads__facebook_ad_days')]) }}
),

-- What is known of an ad, a campaign and an account last.
facebook_ads as (
    select
        row_id as ad_id,
        {{ last_known('campaign_id') }} as campaign_id,
        {{ last_known('account_id') }} as account_id
    from {{ ref('stg_ads__facebook_ads') }}
    where campaign_id is not null
    group by row_id
),

facebook_campaigns as (
    select
        row_id as campaign_id,
        {{ last_known('campaign_name') }} as campaign_name
    from {{ ref('stg_ads__facebook_campaigns') }}
    where campaign_name is not null
    group by row_id
),

facebook_currencies as (
    select
        {{ plain_account('row_id') }} as account_id,
        {{ last_known('upper(currency)') }} as currency
    from {{ ref('stg_ads__facebook_accounts') }}
    where currency is not null
    group by {{ plain_account('row_id') }}
),

campaigns_found as (
    select
        facebook_days.*,
        coalesce(facebook_days.campaign_id, facebook_ads.campaign_id)
            as known_campaign_id,
        coalesce(facebook_days.account_id, facebook_ads.account_id)
            as known_account_id
    from facebook_days
    left join facebook_ads
        on facebook_days.ad_id = facebook_ads.ad_id
)

select
    campaigns_found.source,
    campaigns_found.source_table,
    campaigns_found.source_key,
    cast(1 as bigint) as line_no,
    campaigns_found.is_key_missing,
    campaigns_found.date_day as cost_date,
    campaigns_found.date_day_text as cost_date_text,
    'facebook_ads' as platform,
    campaigns_found.known_account_id as account,
    campaigns_found.known_campaign_id as campaign_id,
    coalesce(
        campaigns_found.campaign_name, facebook_campaigns.campaign_name
    ) as campaign_name,
    cast(null as string) as utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    campaigns_found.spend as amount,
    campaigns_found.spend_text as amount_text,
    coalesce(
        upper(campaigns_found.currency), facebook_currencies.currency
    ) as currency,
    campaigns_found.is_deleted_by_loader as is_deleted,
    campaigns_found.row_loaded_at as loaded_at
from campaigns_found
left join facebook_campaigns
    on campaigns_found.known_campaign_id = facebook_campaigns.campaign_id
left join facebook_currencies
    on
        {{ plain_account('campaigns_found.known_account_id') }}
        = facebook_currencies.account_id
