{{ stage(
    'salesforce', 'campaign_member',
    key=['id'],
    content_key=['lead_id', 'contact_id', 'campaign_id', 'created_at'],
    texts={
        'lead_id': 'lead_id',
        'contact_id': 'contact_id',
        'campaign_id': 'campaign_id',
        'member_status': 'status',
    },
    instants={
        'first_responded_at': 'first_responded_date',
        'created_at': 'created_date',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
