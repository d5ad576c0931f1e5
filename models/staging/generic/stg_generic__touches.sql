{{ stage(
    'generic', 'touch',
    key=['touch_id'],
    content_key=['record_id', 'touched_at', 'touch_type', 'campaign_id'],
    texts={
        'record_id': 'lead_id',
        'campaign_id': 'campaign_id',
        'touch_type': 'type',
        'member_status': 'status',
    },
    instants={
        'touched_at': 'touched_at',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
