{{ stage(
    'ledger', 'cost',
    key=['cost_id'],
    texts={
        'cost_id': 'cost_id',
        'cost_date_text': 'cost_date',
        'account': 'account',
        'campaign_id': 'campaign_id',
        'vendor': 'vendor',
        'currency': 'currency',
        'memo': 'memo',
        'amount_text': 'amount',
    },
    dates={
        'cost_date': 'cost_date',
    },
    currency='currency',
    decimals={
        'amount': 'amount',
    },
) }}
