{{ stage(
    'salesforce', 'opportunity',
    key=['id'],
    texts={
        'opportunity_id': 'id',
        'contact_id': 'contact_id',
        'owner_id': 'owner_id',
        'opportunity_stage': 'stage_name',
        'currency': 'currency_iso_code',
        'amount_text': 'amount',
    },
    instants={
        'created_at': 'created_date',
        'close_date': 'close_date',
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
