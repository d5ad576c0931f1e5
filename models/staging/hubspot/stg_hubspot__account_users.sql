{{ stage(
    'hubspot', 'users',
    key=['id', 'user_id'],
    texts={
        'account_user_id': ['id', 'user_id'],
        'team_id': 'primary_team_id',
    },
) }}
