{{ stage(
    'salesforce', 'lead_history',
    is_history=true,
    key=['id'],
    content_key=['record_id', 'changed_at', 'field', 'old_value', 'new_value'],
    texts={
        'record_id': 'lead_id',
        'field': 'field',
        'old_value': 'old_value',
        'new_value': 'new_value',
        'actor_id': 'created_by_id',
    },
    instants={
        'changed_at': 'created_date',
    },
) }}
