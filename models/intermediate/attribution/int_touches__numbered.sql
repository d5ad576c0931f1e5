-- Every dated contact of a person with a campaign, in order: what is told of
-- touches, and the campaign that a record names, which is one at its creation.
with campaigns as (

    select
        source,
        campaign_match_id,
        min(campaign_id) as campaign_id
    from {{ ref('input_layer__campaigns') }}
    where not is_key_missing
    group by 1, 2

),

touches as (

    select
        person_key,
        source,
        source_table,
        source_key,
        campaign_id,
        campaign_match_id,
        touched_at,
        touch_type
    from {{ ref('int_touches__judged') }}
    where
        is_read
        and is_usable
        and campaign_match_id is not null

    union all

    select
        first_values.person_key,
        records.source,
        records.source_table,
        records.source_key,
        records.campaign_id,
        records.campaign_match_id,
        records.created_at as touched_at,
        'created' as touch_type
    from {{ ref('input_layer__records') }} as records
    inner join {{ ref('int_records__first_values') }} as first_values
        on records.record_key = first_values.record_key
    where
        first_values.is_usable
        and records.campaign_match_id is not null

),

numbered as (

    select
        touches.person_key,
        touches.source,
        touches.source_table,
        touches.source_key,
        touches.touched_at,
        touches.touch_type,
        coalesce(campaigns.campaign_id, touches.campaign_id) as campaign_id,
        cast(
            row_number() over (
                partition by touches.person_key
                order by
                    touches.touched_at,
                    touches.source,
                    touches.source_table,
                    touches.source_key
            ) as integer
        ) as touch_no
    from touches
    left join campaigns
        on
            touches.source = campaigns.source
            and touches.campaign_match_id = campaigns.campaign_match_id

)

select * from numbered
