select
    {{ row_columns() }},
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    user_id,
    {{ system_key('generic', 'user_id') }} as user_key,
    occurred_at,
    {{ unread_text('occurred_at', 'occurred_at_text') }}
        as occurred_at_text,
    activity_type,
    is_completed,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_generic__sales_activities') }}
