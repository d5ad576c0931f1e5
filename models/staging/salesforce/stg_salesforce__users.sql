{{ stage(
    'salesforce', 'user',
    key=['id'],
    texts={
        'user_id': 'id',
        'user_name': 'name',
        'user_role_id': 'user_role_id',
        'team': 'team',
        'role': 'role',
    },
) }}
