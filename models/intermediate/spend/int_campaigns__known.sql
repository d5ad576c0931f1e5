-- What the CRM and marketing automation call a campaign, by the id that it is
-- joined by and by its utm_campaign. An id of two systems is one campaign.
with campaigns as (

    select * from {{ ref('input_layer__campaigns') }}
    where not is_key_missing and campaign_id is not null

),

by_id as (

    select
        'campaign_id' as match_on,
        campaign_match_id as match_value,
        min(campaign_id) as campaign_id
    from campaigns
    group by 2

),

-- A link that two campaigns carry says nothing about either.
by_utm as (

    select
        'utm_campaign' as match_on,
        {{ same_text('utm_campaign') }} as match_value,
        min(campaign_id) as campaign_id
    from campaigns
    where {{ same_text('utm_campaign') }} is not null
    group by 2
    having count(distinct campaign_match_id) = 1

),

final as (

    select * from by_id

    union all

    select * from by_utm

)

select * from final
