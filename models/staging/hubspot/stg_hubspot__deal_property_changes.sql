{{ stage(
    'hubspot', 'deal_property_history',
    is_history=true,
    content_key=[
        'opportunity_id', 'changed_at', 'property_name', 'property_value',
    ],
    texts={
        'opportunity_id': ['deal_id', 'id'],
        'property_name': ['name', 'property', 'property_name'],
        'property_value': 'value',
    },
    instants={
        'changed_at': ['timestamp', 'changed_at'],
    },
) }}
