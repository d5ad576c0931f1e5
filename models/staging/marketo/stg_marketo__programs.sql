{{ stage(
    'marketo', 'program',
    key=['id'],
    texts={
        'campaign_id': 'id',
        'campaign_name': 'name',
        'campaign_type': ['channel', 'type'],
        'utm_campaign': 'utm_campaign',
        'cost_currency': 'currency',
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
) }}
