{{ stage(
    'salesforce', 'opportunity_contact_role',
    key=['id'],
    content_key=['opportunity_id', 'contact_id', 'role_name'],
    texts={
        'opportunity_id': 'opportunity_id',
        'contact_id': 'contact_id',
        'role_name': 'role',
    },
    instants={
        'created_at': 'created_date',
    },
    booleans={
        'is_primary': 'is_primary',
        'is_deleted': 'is_deleted',
    },
) }}
