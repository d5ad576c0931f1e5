{{ stage(
    'salesforce', 'campaign',
    key=['id'],
    texts={
        'campaign_id': 'id',
        'campaign_name': 'name',
        'campaign_type': 'type',
        'utm_campaign': ['utm_campaign_c', 'utm_campaign'],
        'cost_currency': 'currency_iso_code',
        'actual_cost_text': 'actual_cost',
    },
    dates={
        'start_date': 'start_date',
        'created_date': ['created_date', 'created_at'],
    },
    currency='cost_currency',
    decimals={
        'actual_cost': 'actual_cost',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
