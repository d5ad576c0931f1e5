-- One row per engagement and kind: what its own table says, then what the table
-- of all engagements does.
with engagements as (
    select *
    from {{ ref('input_layer__hubspot__engagement_rows') }}
    where activity_id is not null
),

kinds_named as (
    select
        activity_id,
        user_id,
        activity_status,
        sequence_id,
        occurred_at,
        occurred_at_text,
        coalesce(is_deleted, false)
        or is_deleted_by_loader
        or not coalesce(is_active, true) as is_deleted,
        coalesce(
            upper(kind),
            case source_table
                when 'engagement_call' then 'CALL'
                when 'engagement_email' then 'EMAIL'
                when 'engagement_meeting' then 'MEETING'
                when 'engagement_task' then 'TASK'
                when 'engagement_communication' then 'COMMUNICATION'
            end
        ) as kind,
        case source_table
            when 'engagement_call' then 'CALL'
            when 'engagement_email' then 'EMAIL'
            when 'engagement_meeting' then 'MEETING'
            when 'engagement_task' then 'TASK'
            when 'engagement_communication' then 'COMMUNICATION'
            else {{ engagement_family('kind') }}
        end as family,
        case when source_table = 'engagement' then 2 else 1 end as place
    from engagements
)

select
    activity_id,
    family,
    min_by(user_id, place) filter (where user_id is not null) as user_id,
    min_by(activity_status, place) filter (where activity_status is not null)
        as activity_status,
    min_by(sequence_id, place) filter (where sequence_id is not null)
        as sequence_id,
    min_by(occurred_at, place) filter (where occurred_at_text is not null)
        as occurred_at,
    min_by(occurred_at_text, place) filter (where occurred_at_text is not null)
        as occurred_at_text,
    min_by(kind, place) filter (where kind is not null) as kind,
    bool_or(is_deleted) as is_deleted
from kinds_named
group by activity_id, family
