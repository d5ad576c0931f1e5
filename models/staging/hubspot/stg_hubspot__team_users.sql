{{ stage(
    'hubspot', 'team_user',
    content_key=['account_user_id', 'team_id'],
    texts={
        'account_user_id': 'user_id',
        'team_id': 'team_id',
    },
    booleans={
        'is_secondary': ['is_secondary_user', 'is_secondary'],
    },
) }}
