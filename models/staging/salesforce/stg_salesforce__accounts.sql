{{ stage(
    'salesforce', 'account',
    key=['id'],
    required={
        'id': 'to name the account',
    },
    texts={
        'account_id': 'id',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
