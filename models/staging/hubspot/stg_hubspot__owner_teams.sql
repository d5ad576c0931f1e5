{{ stage(
    'hubspot', 'owner_team',
    content_key=['user_id', 'team_id'],
    texts={
        'user_id': 'owner_id',
        'team_id': 'team_id',
        'team_name': ['name', 'team_name'],
        'inside_of': 'inside_of',
    },
    booleans={
        'is_primary': ['is_team_primary', 'is_primary', 'primary'],
    },
) }}
