{{ stage(
    'salesforce', 'lead_stage_date',
    is_history=true,
    content_key=['record_id', 'stage'],
    record='record_id',
    texts={
        'record_id': 'id',
        'stage': 'stage',
    },
    instants={
        'reached_at': 'reached_at',
        'updated_at': 'updated_at',
    },
) }}
