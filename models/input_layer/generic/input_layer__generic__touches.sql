select
    {{ row_columns() }},
    {{ system_key('generic', 'record_id') }} as record_key,
    record_id,
    campaign_id,
    campaign_id as campaign_match_id,
    touched_at,
    {{ unread_text('touched_at', 'touched_at_text') }} as touched_at_text,
    touch_type,
    member_status,
    coalesce(is_deleted, false) as is_deleted
from {{ ref('stg_generic__touches') }}
