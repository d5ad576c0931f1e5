-- The first and the last campaign and the last score before each hand-off; of
-- an MQL that still waits for one, what they are as of now.
with lifecycles as (

    select
        milestones.person_key,
        milestones.lifecycle_no,
        milestones.handed_off_at is not null as is_handed_off,
        coalesce(milestones.handed_off_at, clock.as_of) as known_at
    from {{ ref('int_lifecycles__milestones') }} as milestones
    cross join {{ ref('int_run__clock') }} as clock
    where
        milestones.handed_off_at is not null
        or (milestones.mql_at is not null and milestones.exited_at is null)

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
            as last_campaign_id,
        count(*) as touches
    from lifecycles
    inner join touches_numbered
        on
            lifecycles.person_key = touches_numbered.person_key
            and lifecycles.known_at >= touches_numbered.touched_at
    group by 1, 2

),

score_changes as (

    select
        person_key,
        record_key,
        observed_at,
        source,
        source_table,
        source_key,
        reason,
        {{ parse_number('new_value') }} as score
    from {{ ref('int_observations__judged') }}
    where
        entity = 'lead'
        and field = 'score'
        and is_usable
        and {{ parse_number('new_value') }} is not null

),

reasons_given as (

    select distinct reason from score_changes

),

merge_reasons as (

    select distinct reasons_given.reason
    from reasons_given
    inner join {{ ref('def_ignored_change_reasons') }} as ignored
        on
            {{ same_text('reasons_given.reason') }}
            like {{ same_text('ignored.reason_prefix') }} || '%'

),

-- A merge adds the scores up, and what comes after it stands on the sum.
scores as (

    select
        score_changes.person_key,
        score_changes.observed_at,
        score_changes.score,
        max(case when merge_reasons.reason is not null then 1 else 0 end) over (
            partition by score_changes.record_key
            order by
                score_changes.observed_at,
                score_changes.source,
                score_changes.source_table,
                score_changes.source_key
            rows between unbounded preceding and current row
        ) as is_merged,
        row_number() over (
            partition by score_changes.person_key
            order by
                score_changes.observed_at,
                score_changes.source,
                score_changes.source_table,
                score_changes.source_key
        ) as score_no
    from score_changes
    left join merge_reasons
        on score_changes.reason = merge_reasons.reason

),

scores_before as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        max_by(scores.score, scores.score_no) as score_at_handoff,
        max_by(scores.is_merged, scores.score_no) = 1 as is_score_merged
    from lifecycles
    inner join scores
        on
            lifecycles.person_key = scores.person_key
            and lifecycles.known_at >= scores.observed_at
    group by 1, 2

),

final as (

    select
        lifecycles.person_key,
        lifecycles.lifecycle_no,
        lifecycles.is_handed_off,
        campaigns_before.first_campaign_id,
        campaigns_before.last_campaign_id,
        coalesce(campaigns_before.touches, 0) as touches,
        scores_before.score_at_handoff,
        coalesce(scores_before.is_score_merged, false) as is_score_merged
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
