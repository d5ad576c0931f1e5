{{ stage(
    'ads', 'google_ads_account_history',
    content_key=['row_id', 'version_at'],
    texts={
        'row_id': ['id', 'customer_id'],
        'currency': ['currency_code', 'customer_currency_code'],
    },
    instants={
        'version_at': ['updated_at', 'last_modified_time'],
    },
) }}
