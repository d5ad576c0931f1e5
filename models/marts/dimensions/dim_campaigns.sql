-- Every campaign that a system lists or that stands in a fact or in the books
-- of a closed period. Ids name no system: one that several systems give is one
-- campaign, as it is where spend is matched.
with campaigns as (

    select
        source,
        campaign_match_id,
        campaign_id,
        campaign_name,
        campaign_type,
        cost_date
    from {{ ref('input_layer__campaigns') }}
    where not is_key_missing and campaign_id is not null

),

channels as (

    select
        {{ same_text('source_value') }} as source_value,
        min(channel) as channel
    from {{ ref('def_channels') }}
    group by 1

),

-- What the advertising platforms say of a campaign.
platforms as (

    select
        campaign_id,
        {{ joined_texts('platform') }} as platform
    from {{ ref('fct_spend') }}
    where campaign_id is not null
    group by 1

),

reported as (

    select
        matched_campaign_id as campaign_id,
        {{ joined_texts('campaign_name', ' / ') }} as campaign_name
    from {{ ref('int_costs__matched') }}
    where campaign_match = 'none'
    group by 1

),

ids as (

    select campaign_id from campaigns

    union distinct

    select campaign_id from {{ ref('fct_touches') }}

    union distinct

    select campaign_id from {{ ref('fct_spend') }}

    union distinct

    select campaign_id from {{ source('closings', 'cells') }}

    union distinct

    select campaign_id from {{ source('closings', 'lines') }}

),

sources as (

    select distinct source from campaigns

),

-- A Salesforce id with or without its checksum is the same campaign.
ids_asked as (

    select
        ids.campaign_id,
        sources.source,
        case
            when sources.source = 'salesforce'
                then {{ sf_match_id('ids.campaign_id') }}
            else ids.campaign_id
        end as campaign_match_id
    from ids
    cross join sources

),

typed as (

    select
        ids_asked.campaign_id,
        campaigns.source,
        campaigns.campaign_name,
        campaigns.campaign_type,
        campaigns.cost_date,
        coalesce(
            channels.channel, {{ same_text('campaigns.campaign_type') }}
        ) as channel
    from ids_asked
    inner join campaigns
        on
            ids_asked.source = campaigns.source
            and ids_asked.campaign_match_id = campaigns.campaign_match_id
    left join channels
        on {{ same_text('campaigns.campaign_type') }} = channels.source_value

),

-- What several systems say otherwise is not known.
known as (

    select
        campaign_id,
        {{ joined_texts('source') }} as source,
        {{ joined_texts('campaign_name', ' / ') }} as campaign_name,
        {{ only_value('campaign_type') }} as campaign_type,
        {{ only_value('channel') }} as channel,
        min(cost_date) as start_date
    from typed
    group by 1

)

select
    ids.campaign_id,
    coalesce(known.campaign_name, reported.campaign_name, ids.campaign_id)
        as campaign_name,
    known.source,
    platforms.platform,
    known.channel,
    known.campaign_type,
    known.start_date,
    known.campaign_id is not null as is_known
from ids
left join known
    on ids.campaign_id = known.campaign_id
left join reported
    on ids.campaign_id = reported.campaign_id
left join platforms
    on ids.campaign_id = platforms.campaign_id
where ids.campaign_id is not null
