{{ stage(
    'ads', 'google_ads_campaign_stats',
    key=['_fivetran_id'],
    content_key=[
        'date_day_text', 'account_id', 'campaign_id', 'network', 'device',
    ],
    texts={
        'date_day_text': ['date', 'segments_date'],
        'account_id': 'customer_id',
        'currency': ['currency_code', 'customer_currency_code'],
        'campaign_id': ['id', 'campaign_id'],
        'network': ['ad_network_type', 'segments_ad_network_type'],
        'device': ['device', 'segments_device'],
        'spend_text': ['cost_micros', 'metrics_cost_micros'],
    },
    dates={
        'date_day': ['date', 'segments_date'],
    },
    numbers={
        'cost_micros': ['cost_micros', 'metrics_cost_micros'],
    },
) }}
