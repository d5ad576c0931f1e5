{{ stage(
    'hubspot', 'form',
    key=['guid', 'id', 'form_id'],
    texts={
        'campaign_id': ['guid', 'id', 'form_id'],
        'campaign_name': 'name',
        'campaign_type': ['form_type', 'type'],
    },
    dates={
        'created_date': ['created_at', 'createdate'],
    },
    booleans={
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
