{{ stage(
    'ads', 'campaign_report',
    content_key=[
        'date_day', 'platform', 'account_id', 'campaign_id',
        'ad_group_id', 'ad_id',
    ],
    required={
        'date_day, date': 'to know the day of the spend',
        'spend, cost': 'to know what was spent',
    },
    texts={
        'platform': 'platform',
        'account_id': 'account_id',
        'campaign_id': 'campaign_id',
        'campaign_name': 'campaign_name',
        'ad_group_id': 'ad_group_id',
        'ad_id': 'ad_id',
        'currency': 'currency',
    },
    dates={
        'date_day': ['date_day', 'date'],
    },
    decimals={
        'spend': ['spend', 'cost'],
    },
    numbers={
        'clicks': 'clicks',
        'impressions': 'impressions',
    },
) }}
