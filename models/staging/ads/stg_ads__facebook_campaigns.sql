{{ stage(
    'ads', 'facebook_ads_campaign_history',
    content_key=['row_id', 'version_at'],
    texts={
        'row_id': 'id',
        'account_id': 'account_id',
        'campaign_name': 'name',
    },
    instants={
        'version_at': ['updated_time', 'updated_at'],
    },
) }}
