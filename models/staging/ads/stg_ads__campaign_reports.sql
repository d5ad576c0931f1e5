{{ stage(
    'ads', 'campaign_report',
    content_key=[
        'date_day_text', 'platform', 'account_id', 'campaign_id',
        'ad_group_id', 'ad_id',
    ],
    texts={
        'date_day_text': ['date_day', 'date'],
        'platform': 'platform',
        'account_id': 'account_id',
        'campaign_id': 'campaign_id',
        'campaign_name': 'campaign_name',
        'utm_campaign': 'utm_campaign',
        'ad_group_id': 'ad_group_id',
        'ad_id': 'ad_id',
        'currency': ['currency', 'currency_code'],
        'file_modified_at': '_file_modified_at',
        'spend_text': ['spend', 'cost'],
    },
    dates={
        'date_day': ['date_day', 'date'],
    },
    currency='currency',
    decimals={
        'spend': ['spend', 'cost'],
    },
) }}
