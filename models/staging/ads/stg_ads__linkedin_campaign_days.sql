{{ stage(
    'ads', 'linkedin_ad_analytics_by_campaign',
    content_key=['date_day_text', 'campaign_id'],
    texts={
        'date_day_text': ['day', 'start_date'],
        'campaign_id': ['campaign_id', 'sponsored_campaign'],
        'local_cost_text': 'cost_in_local_currency',
        'usd_cost_text': 'cost_in_usd',
    },
    dates={
        'date_day': ['day', 'start_date'],
    },
    decimals={
        'local_cost': 'cost_in_local_currency',
        'usd_cost': 'cost_in_usd',
    },
) }}
