{{ stage(
    'salesforce', 'account',
    key=['id'],
    texts={
        'account_id': 'id',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
