{{ stage(
    'ads', 'facebook_ads_basic_ad',
    content_key=['date_day_text', 'account_id', 'campaign_id', 'ad_id'],
    texts={
        'date_day_text': ['date', 'date_start'],
        'account_id': 'account_id',
        'campaign_id': 'campaign_id',
        'campaign_name': 'campaign_name',
        'ad_id': 'ad_id',
        'currency': ['currency', 'account_currency'],
        'spend_text': 'spend',
    },
    dates={
        'date_day': ['date', 'date_start'],
    },
    currency='currency',
    decimals={
        'spend': 'spend',
    },
) }}
