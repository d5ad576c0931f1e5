{{ stage(
    'generic', 'opportunity',
    key=['opportunity_id'],
    content_key=['record_id', 'created_at', 'closed_at', 'amount'],
    texts={
        'opportunity_id': 'opportunity_id',
        'record_id': 'lead_id',
        'owner_id': 'owner_id',
        'opportunity_stage': 'stage',
        'currency': 'currency',
        'amount_text': 'amount',
    },
    instants={
        'created_at': 'created_at',
        'closed_at': 'closed_at',
    },
    currency='currency',
    decimals={
        'amount': 'amount',
    },
    booleans={
        'is_closed': 'is_closed',
        'is_won': 'is_won',
        'is_deleted': 'is_deleted',
    },
) }}
