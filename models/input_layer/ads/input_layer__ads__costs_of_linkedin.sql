with linkedin_days as (
    select *
    from {{ surviving_rows([ref('stg_ads__linkedin_campaign_days')]) }}
),

linkedin_campaigns as (
    select
        row_id as campaign_id,
        {{ last_known('account_id') }} as account_id,
        {{ last_known('campaign_name') }} as campaign_name
    from {{ ref('stg_ads__linkedin_campaigns') }}
    where account_id is not null
    group by row_id
),

linkedin_currencies as (
    select
        row_id as account_id,
        {{ last_known('upper(currency)') }} as currency
    from {{ ref('stg_ads__linkedin_accounts') }}
    where currency is not null
    group by row_id
)

select
    linkedin_days.source,
    linkedin_days.source_table,
    linkedin_days.source_key,
    cast(1 as bigint) as line_no,
    linkedin_days.is_key_missing,
    linkedin_days.date_day as cost_date,
    linkedin_days.date_day_text as cost_date_text,
    'linkedin_ads' as platform,
    linkedin_campaigns.account_id as account,
    linkedin_days.campaign_id,
    linkedin_campaigns.campaign_name,
    cast(null as string) as utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    -- The local amount is what is paid; dollars where its currency is unknown.
    case
        when
            linkedin_days.local_cost is not null
            and linkedin_currencies.currency is not null
            then linkedin_days.local_cost
        else coalesce(linkedin_days.usd_cost, linkedin_days.local_cost)
    end as amount,
    coalesce(linkedin_days.local_cost_text, linkedin_days.usd_cost_text)
        as amount_text,
    case
        when linkedin_days.local_cost is not null
            then coalesce(
                linkedin_currencies.currency,
                case when linkedin_days.usd_cost is not null then 'USD' end
            )
        when linkedin_days.usd_cost is not null then 'USD'
    end as currency,
    linkedin_days.is_deleted_by_loader as is_deleted,
    linkedin_days.row_loaded_at as loaded_at
from linkedin_days
left join linkedin_campaigns
    on linkedin_days.campaign_id = linkedin_campaigns.campaign_id
left join linkedin_currencies
    on linkedin_campaigns.account_id = linkedin_currencies.account_id
