with tasks as (
    select
        staged.*,
        case
            when completed_at_text is not null then completed_at
            else created_at
        end as occurred_at,
        coalesce(completed_at_text, created_at_text) as occurred_at_text
    from {{ ref('stg_salesforce__tasks') }} as staged
),

events as (
    select
        staged.*,
        case
            when started_at_text is not null then started_at
            when activity_at_text is not null then activity_at
            else created_at
        end as occurred_at,
        coalesce(
            started_at_text, activity_at_text, created_at_text
        ) as occurred_at_text
    from {{ ref('stg_salesforce__events') }} as staged
)

-- A list mail or a cadence step is automated whatever type it was given.
select
    {{ row_columns() }},
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    record_id,
    user_id,
    {{ system_key('salesforce', sf_match_id('user_id')) }} as user_key,
    occurred_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as occurred_at_text,
    case
        when {{ same_text('task_subtype') }} in ('listemail', 'cadence')
            then task_subtype
        else coalesce(task_type, task_subtype)
    end as activity_type,
    coalesce(
        is_closed, {{ same_text('status') }} = 'completed'
    ) as is_completed,
    coalesce(is_deleted, false) as is_deleted
from tasks

union all

select
    {{ row_columns() }},
    {{ system_key('salesforce', sf_match_id('record_id')) }} as record_key,
    record_id,
    user_id,
    {{ system_key('salesforce', sf_match_id('user_id')) }} as user_key,
    occurred_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as occurred_at_text,
    coalesce(event_type, 'Event') as activity_type,
    cast(null as boolean) as is_completed,
    coalesce(is_deleted, false) as is_deleted
from events
