{{ stage(
    'generic', 'lead',
    key=['lead_id'],
    texts={
        'record_id': 'lead_id',
        'email': 'email',
        'full_name': 'name',
        'first_name': 'first_name',
        'last_name': 'last_name',
        'phone': 'phone',
        'company': 'company',
        'region': 'region',
        'owner_id': 'owner_id',
        'status': 'status',
        'status_reason': 'status_reason',
        'lead_source': ['source', 'lead_source'],
        'campaign_id': 'campaign_id',
        'merged_into_id': 'merged_into_id',
    },
    instants={
        'created_at': 'created_at',
        'updated_at': 'updated_at',
    },
    booleans={
        'is_deleted': 'is_deleted',
        'has_stage_dates': 'has_stage_dates',
    },
) }}
