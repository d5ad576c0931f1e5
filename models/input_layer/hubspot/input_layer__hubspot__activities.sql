-- An engagement is one activity with each of its contacts. What is said of it
-- stands in other rows, so all of them are compared in every run.
with associations as (
    select
        staged.*,
        {{ engagement_family('staged.activity_kind') }} as family
    from {{ ref('stg_hubspot__engagement_contacts') }} as staged
),

engagements as (
    select *
    from {{ ref('input_layer__hubspot__engagements') }}
),

holders as (
    select *
    from {{ ref('input_layer__hubspot__engagement_rows') }}
),

engagements_found as (
    select
        associations.*,
        engagements.user_id,
        engagements.kind,
        engagements.activity_status,
        engagements.sequence_id,
        engagements.occurred_at,
        engagements.occurred_at_text,
        engagements.is_deleted as engagement_is_deleted,
        {{ is_listed_no_more('associations', 'holders') }}
            as was_listed_before,
        row_number() over (
            partition by
                associations.row_key,
                associations.row_file,
                associations.row_content
            order by engagements.family asc nulls last
        ) as engagement_no
    from associations
    left join engagements
        on
            associations.activity_id = engagements.activity_id
            and (
                associations.family is null
                or engagements.family is null
                or associations.family = engagements.family
            )
    left join holders
        on
            associations.inside_of = holders.source_table
            and associations.activity_id = holders.activity_id
)

select
    {{ row_columns_of_key('source_key', is_joined=true) }},
    {{ system_key('hubspot', 'record_id') }} as record_key,
    record_id,
    user_id,
    {{ system_key('hubspot', 'user_id') }} as user_key,
    occurred_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }} as occurred_at_text,
    -- A step of a sequence is sent by itself.
    case when sequence_id is not null then 'cadence' else lower(kind) end
        as activity_type,
    {{ same_text('activity_status') }} in ('completed', 'sent')
        as is_completed,
    coalesce(is_deleted, false)
    or was_listed_before
    -- Associations of other kinds of engagements are none of an activity.
    or coalesce(engagement_is_deleted, true) as is_deleted
from engagements_found
where engagement_no = 1
