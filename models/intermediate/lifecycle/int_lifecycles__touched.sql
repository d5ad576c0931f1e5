-- The first and the last campaign and the last score before each hand-off.
with lifecycles as (

    select
        person_key,
        lifecycle_no,
        handed_off_at
    from {{ ref('int_lifecycles__milestones') }}
    where handed_off_at is not null

),

touches_numbered as (

    select * from {{ ref('int_touches__numbered') }}

),

campaigns_before as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        min_by(touches_numbered.campaign_id, touches_numbered.touch_no)
            as first_campaign_id,
        max_by(touches_numbered.campaign_id, touches_numbered.touch_no)
            as last_campaign_id
    from lifecycles
    inner join touches_numbered
        on
            lifecycles.person_key = touches_numbered.person_key
            and lifecycles.handed_off_at >= touches_numbered.touched_at
    group by 1, 2

),

scores as (

    select
        person_key,
        observed_at,
        {{ parse_number('new_value') }} as score,
        row_number() over (
            partition by person_key
            order by observed_at, source, source_table, source_key
        ) as score_no
    from {{ ref('int_observations__judged') }}
    where
        entity = 'lead'
        and field = 'score'
        and is_usable
        and {{ parse_number('new_value') }} is not null

),

scores_before as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        max_by(scores.score, scores.score_no) as score_at_handoff
    from lifecycles
    inner join scores
        on
            lifecycles.person_key = scores.person_key
            and lifecycles.handed_off_at >= scores.observed_at
    group by 1, 2

),

final as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        campaigns_before.first_campaign_id,
        campaigns_before.last_campaign_id,
        scores_before.score_at_handoff
    from lifecycles
    left join campaigns_before
        on
            lifecycles.person_key = campaigns_before.person_key
            and lifecycles.lifecycle_no = campaigns_before.lifecycle_no
    left join scores_before
        on
            lifecycles.person_key = scores_before.person_key
            and lifecycles.lifecycle_no = scores_before.lifecycle_no

)

select * from final
