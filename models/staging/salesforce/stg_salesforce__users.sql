{{ stage(
    'salesforce', 'user',
    key=['id'],
    required={
        'id': 'to name the user',
    },
    texts={
        'user_id': 'id',
        'user_name': 'name',
        'user_role_id': 'user_role_id',
        'timezone': 'time_zone_sid_key',
        'team': 'team',
        'role': 'role',
    },
    booleans={
        'is_active': 'is_active',
    },
) }}
