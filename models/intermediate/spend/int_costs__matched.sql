-- Each line of an ad platform or the ledger with the campaign of the CRM that
-- it is: as the company says, else by its id, else by its link.
with costs as (

    select * from {{ ref('int_costs__judged') }}
    where is_usable and not is_deleted

),

known as (

    select * from {{ ref('int_campaigns__known') }}

),

mappings as (

    select
        {{ same_text('platform') }} as platform,
        match_on,
        {{ same_text('value') }} as match_value,
        max(trim(campaign_id)) as campaign_id
    from {{ ref('def_campaign_mappings') }}
    group by 1, 2, 3

),

costs_named as (

    select
        *,
        {{ spend_id() }} as spend_id,
        coalesce({{ same_text('platform') }}, source) as platform_text,
        {{ same_text('campaign_id') }} as campaign_text,
        {{ same_text('campaign_name') }} as name_text,
        {{ same_text('utm_campaign') }} as utm_text,
        {{ sf_match_id('campaign_id') }} as short_campaign_id
    from costs

),

-- What the company says: of its rows that match, an id goes before a link and
-- a name, and a platform before any.
mapped as (

    select
        costs_named.spend_id,
        max_by(
            mappings.campaign_id,
            case mappings.match_on
                when 'campaign_id' then 4
                when 'utm_campaign' then 2
                else 0
            end + case when mappings.platform = '*' then 0 else 1 end
        ) as campaign_id
    from costs_named
    inner join mappings
        on
            case mappings.match_on
                when 'campaign_id' then costs_named.campaign_text
                when 'utm_campaign' then costs_named.utm_text
                when 'campaign_name' then costs_named.name_text
            end = mappings.match_value
            and mappings.platform in ('*', costs_named.platform_text)
    group by 1

),

final as (

    select
        costs_named.*,
        coalesce(
            mapped.campaign_id,
            known_ids.campaign_id,
            known_short_ids.campaign_id,
            known_utms.campaign_id,
            known_utm_ids.campaign_id,
            costs_named.campaign_id
        ) as matched_campaign_id,
        case
            when mapped.campaign_id is not null then 'mapping'
            when
                coalesce(known_ids.campaign_id, known_short_ids.campaign_id)
                is not null
                then 'id'
            when
                coalesce(known_utms.campaign_id, known_utm_ids.campaign_id)
                is not null
                then 'utm'
            when costs_named.campaign_id is not null then 'none'
        end as campaign_match
    from costs_named
    left join mapped
        on costs_named.spend_id = mapped.spend_id
    left join known as known_ids
        on
            costs_named.campaign_id = known_ids.match_value
            and known_ids.match_on = 'campaign_id'
    left join known as known_short_ids
        on
            costs_named.short_campaign_id = known_short_ids.match_value
            and known_short_ids.match_on = 'campaign_id'
    left join known as known_utms
        on
            costs_named.utm_text = known_utms.match_value
            and known_utms.match_on = 'utm_campaign'
    left join known as known_utm_ids
        on
            costs_named.utm_campaign = known_utm_ids.match_value
            and known_utm_ids.match_on = 'campaign_id'

)

select * from final
