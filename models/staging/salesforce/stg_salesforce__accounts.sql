{{ stage(
    'salesforce', 'account',
    key=['id'],
    required={
        'id': 'to name the account',
    },
    texts={
        'account_id': 'id',
        'account_name': 'name',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
