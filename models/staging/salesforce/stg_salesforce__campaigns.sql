{{ stage(
    'salesforce', 'campaign',
    key=['id'],
    required={
        'id': 'to name the campaign',
    },
    texts={
        'campaign_id': 'id',
        'campaign_name': 'name',
        'channel': ['channel', 'channel_c'],
        'campaign_type': 'type',
        'utm_campaign': ['utm_campaign_c', 'utm_campaign'],
        'cost_currency': 'currency_iso_code',
        'actual_cost_text': 'actual_cost',
    },
    dates={
        'start_date': 'start_date',
        'end_date': 'end_date',
        'created_date': ['created_date', 'created_at'],
    },
    decimals={
        'actual_cost': 'actual_cost',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
