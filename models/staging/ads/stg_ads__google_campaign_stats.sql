{{ stage(
    'ads', 'google_ads_campaign_stats',
    key=['_fivetran_id'],
    content_key=[
        'date_day_text', 'account_id', 'campaign_id', 'network', 'device',
    ],
    texts={
        'date_day_text': 'date',
        'account_id': 'customer_id',
        'campaign_id': ['id', 'campaign_id'],
        'network': 'ad_network_type',
        'device': 'device',
        'spend_text': 'cost_micros',
    },
    dates={
        'date_day': 'date',
    },
    numbers={
        'cost_micros': 'cost_micros',
    },
) }}
