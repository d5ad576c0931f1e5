{{ stage(
    'hubspot', 'contact_property_history',
    is_history=true,
    content_key=['record_id', 'changed_at', 'property_name', 'property_value'],
    record='record_id',
    texts={
        'record_id': ['contact_id', 'vid', 'canonical_vid'],
        'property_name': ['name', 'property', 'property_name'],
        'property_value': 'value',
        'change_source': ['source_type', 'source'],
        'change_source_id': 'source_id',
        'changed_by_id': ['updated_by_user_id', 'user_id'],
    },
    instants={
        'changed_at': ['timestamp', 'changed_at'],
    },
) }}
