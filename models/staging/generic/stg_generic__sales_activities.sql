{{ stage(
    'generic', 'sales_activity',
    key=['activity_id'],
    content_key=['record_id', 'occurred_at', 'activity_type', 'user_id'],
    texts={
        'record_id': 'lead_id',
        'user_id': 'user_id',
        'activity_type': 'type',
    },
    instants={
        'occurred_at': 'occurred_at',
    },
    booleans={
        'is_completed': 'is_completed',
        'is_deleted': 'is_deleted',
    },
) }}
