{{ stage(
    'ads', 'facebook_ads_ad_history',
    content_key=['row_id', 'version_at'],
    texts={
        'row_id': 'id',
        'account_id': 'account_id',
        'campaign_id': 'campaign_id',
    },
    instants={
        'version_at': ['updated_time', 'updated_at'],
    },
) }}
