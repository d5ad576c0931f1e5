{{ stage(
    'hubspot', 'owner',
    key=['owner_id', 'id'],
    texts={
        'user_id': ['owner_id', 'id'],
        'account_user_id': [
            'user_id',
            'active_user_id',
            'user_id_including_inactive',
        ],
        'email': 'email',
        'full_name': ['full_name', 'name'],
        'first_name': 'firstname',
        'last_name': 'lastname',
        'team': ['team', 'team_name'],
        'role': 'role',
    },
) }}
