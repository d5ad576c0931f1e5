{{ stage(
    'hubspot', 'contact_list_member',
    content_key=['record_id', 'campaign_id'],
    texts={
        'record_id': ['contact_id', 'vid', 'canonical_vid'],
        'campaign_id': [
            'contact_list_id',
            'list_id',
            'static_list_id',
            'internal_list_id',
        ],
    },
    instants={
        'touched_at': ['added_at', 'timestamp', 'created_at'],
    },
    booleans={
        'is_member': 'is_member',
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
