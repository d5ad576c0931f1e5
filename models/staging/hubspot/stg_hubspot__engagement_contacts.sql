{{ stage(
    'hubspot', 'engagement_contact',
    content_key=['activity_id', 'record_id', 'activity_kind'],
    record='activity_id',
    texts={
        'activity_id': 'engagement_id',
        'record_id': ['contact_id', 'vid'],
        'activity_kind': ['engagement_type', 'type'],
        'inside_of': 'inside_of',
    },
    booleans={
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
