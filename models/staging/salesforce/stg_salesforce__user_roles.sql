{{ stage(
    'salesforce', 'user_role',
    key=['id'],
    required={
        'id': 'to name the role',
    },
    texts={
        'user_role_id': 'id',
        'role_name': 'name',
    },
) }}
