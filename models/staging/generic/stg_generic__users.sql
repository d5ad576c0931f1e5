{{ stage(
    'generic', 'user',
    key=['user_id'],
    content_key=['user_name'],
    texts={
        'user_id': 'user_id',
        'user_name': 'name',
        'team': 'team',
        'role': 'role',
    },
) }}
