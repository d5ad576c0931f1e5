with reports as (
    -- A row that a loader keeps up to date itself is of no load of ours.
    select
        *,
        nullif(row_loaded_at, row_synced_at) as report_load_at
    from {{ ref('stg_ads__campaign_reports') }}
),

report_loads_ranked as (
    -- A later load of a day, platform and account replaces the earlier.
    select
        reports.*,
        rank() over (
            partition by
                coalesce(
                    cast(reports.date_day as {{ dbt.type_string() }}),
                    reports.date_day_text
                ),
                {{ same_text('reports.platform') }},
                reports.account_id
            order by reports.report_load_at desc nulls last
        ) as load_rank
    from reports
),

google_stats as (
    select *
    from {{ surviving_rows(ref('stg_ads__google_campaign_stats')) }}
),

google_currencies as (
    select
        row_id as account_id,
        max_by(
            upper(currency),
            coalesce(cast(version_at as string), '') || '|' || currency
        ) as currency
    from {{ ref('stg_ads__google_accounts') }}
    where currency is not null
    group by row_id
),

linkedin_days as (
    select *
    from {{ surviving_rows(ref('stg_ads__linkedin_campaign_days')) }}
),

linkedin_campaigns as (
    select
        row_id as campaign_id,
        max_by(
            account_id,
            coalesce(cast(version_at as string), '') || '|' || account_id
        ) as account_id,
        max_by(
            campaign_name,
            coalesce(cast(version_at as string), '') || '|' || campaign_name
        ) as campaign_name
    from {{ ref('stg_ads__linkedin_campaigns') }}
    where account_id is not null
    group by row_id
),

linkedin_currencies as (
    select
        row_id as account_id,
        max_by(
            upper(currency),
            coalesce(cast(version_at as string), '') || '|' || currency
        ) as currency
    from {{ ref('stg_ads__linkedin_accounts') }}
    where currency is not null
    group by row_id
),

facebook_days as (
    select *
    from {{ surviving_rows(ref('stg_ads__facebook_ad_days')) }}
),

microsoft_days as (
    select *
    from {{ surviving_rows(ref('stg_ads__microsoft_campaign_days')) }}
),

ledger_costs as (
    select *
    from {{ surviving_rows(ref('stg_ledger__costs')) }}
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
    row_loaded_at as loaded_at
from report_loads_ranked
where load_rank = 1

union all

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
    google_currencies.currency,
    google_stats.row_loaded_at as loaded_at
from google_stats
left join google_currencies
    on google_stats.account_id = google_currencies.account_id

union all

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
    linkedin_days.row_loaded_at as loaded_at
from linkedin_days
left join linkedin_campaigns
    on linkedin_days.campaign_id = linkedin_campaigns.campaign_id
left join linkedin_currencies
    on linkedin_campaigns.account_id = linkedin_currencies.account_id

union all

select
    source,
    source_table,
    source_key,
    cast(1 as bigint) as line_no,
    is_key_missing,
    date_day as cost_date,
    date_day_text as cost_date_text,
    'facebook_ads' as platform,
    account_id as account,
    campaign_id,
    campaign_name,
    cast(null as string) as utm_campaign,
    cast(null as string) as vendor,
    cast(null as string) as memo,
    spend as amount,
    spend_text as amount_text,
    upper(currency) as currency,
    row_loaded_at as loaded_at
from facebook_days

union all

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
    row_loaded_at as loaded_at
from microsoft_days

union all

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
    row_loaded_at as loaded_at
from ledger_costs
