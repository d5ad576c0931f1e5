{{ stage(
    'salesforce', 'opportunity_field_history',
    is_history=true,
    key=['id'],
    content_key=[
        'opportunity_id', 'changed_at', 'field', 'old_value', 'new_value',
    ],
    texts={
        'opportunity_id': 'opportunity_id',
        'field': 'field',
        'old_value': 'old_value',
        'new_value': 'new_value',
    },
    instants={
        'changed_at': 'created_date',
    },
) }}
