{{ stage(
    'hubspot', 'contact_stage_date',
    is_history=true,
    content_key=['record_id', 'stage'],
    record='record_id',
    texts={
        'record_id': 'contact_id',
        'stage': 'stage',
        'property_name': 'property',
    },
    instants={
        'reached_at': 'entered_at',
        'updated_at': 'updated_at',
    },
) }}
