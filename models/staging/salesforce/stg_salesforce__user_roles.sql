{{ stage(
    'salesforce', 'user_role',
    key=['id'],
    texts={
        'user_role_id': 'id',
        'role_name': 'name',
    },
) }}
