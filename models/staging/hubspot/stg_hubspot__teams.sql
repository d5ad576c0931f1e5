{{ stage(
    'hubspot', 'team',
    key=['id', 'team_id'],
    texts={
        'team_id': ['id', 'team_id'],
        'team_name': 'name',
    },
) }}
