{{ stage(
    'ads', 'microsoft_ads_campaign_performance_daily_report',
    content_key=[
        'date_day_text', 'account_id', 'campaign_id', 'network', 'device',
    ],
    texts={
        'date_day_text': ['date', 'time_period'],
        'account_id': 'account_id',
        'campaign_id': 'campaign_id',
        'campaign_name': 'campaign_name',
        'network': ['network', 'ad_distribution'],
        'device': ['device_type', 'device_os'],
        'currency': ['currency_code', 'currency'],
        'spend_text': 'spend',
    },
    dates={
        'date_day': ['date', 'time_period'],
    },
    currency='currency',
    decimals={
        'spend': 'spend',
    },
) }}
