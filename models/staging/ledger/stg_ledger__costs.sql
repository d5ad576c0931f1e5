{{ stage(
    'ledger', 'cost',
    key=['cost_id'],
    required={
        'cost_date': 'to know the day of the cost',
        'amount': 'to know the cost',
    },
    texts={
        'cost_id': 'cost_id',
        'account': 'account',
        'campaign_id': 'campaign_id',
        'vendor': 'vendor',
        'currency': 'currency',
        'memo': 'memo',
    },
    dates={
        'cost_date': 'cost_date',
    },
    decimals={
        'amount': 'amount',
    },
) }}
