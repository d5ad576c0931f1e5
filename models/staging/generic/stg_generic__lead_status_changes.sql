{{ stage(
    'generic', 'lead_status_history',
    is_history=true,
    content_key=['record_id', 'changed_at', 'field', 'old_value', 'new_value'],
    record='record_id',
    texts={
        'record_id': 'lead_id',
        'field': 'field',
        'old_value': 'old_value',
        'new_value': 'new_value',
        'actor_id': 'changed_by',
        'reason': 'reason',
    },
    instants={
        'changed_at': 'changed_at',
    },
) }}
