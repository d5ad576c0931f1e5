-- Every dated contact of a person with a campaign, in order: what is told of
-- touches, and the campaign that a record names, which is one at its creation.
-- Rows that tell of the same person, campaign and instant are one touch.
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

campaigns_named as (

    select
        touches.person_key,
        touches.source,
        touches.source_table,
        touches.source_key,
        touches.touched_at,
        touches.touch_type,
        touches.campaign_match_id,
        coalesce(campaigns.campaign_id, touches.campaign_id) as campaign_id
    from touches
    left join campaigns
        on
            touches.source = campaigns.source
            and touches.campaign_match_id = campaigns.campaign_match_id

),

told_again as (

    select
        *,
        row_number() over (
            partition by person_key, campaign_match_id, touched_at
            order by source, source_table, source_key
        ) as telling_no
    from campaigns_named

),

numbered as (

    select
        person_key,
        source,
        source_table,
        source_key,
        touched_at,
        touch_type,
        campaign_id,
        cast(
            row_number() over (
                partition by person_key
                order by touched_at, source, source_table, source_key
            ) as integer
        ) as touch_no
    from told_again
    where telling_no = 1

)

select * from numbered
