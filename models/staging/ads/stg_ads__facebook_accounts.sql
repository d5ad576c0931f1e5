{{ stage(
    'ads', 'facebook_ads_account_history',
    content_key=['row_id', 'version_at'],
    texts={
        'row_id': 'id',
        'currency': ['currency', 'account_currency'],
    },
    instants={
        'version_at': ['updated_time', 'updated_at'],
    },
) }}
