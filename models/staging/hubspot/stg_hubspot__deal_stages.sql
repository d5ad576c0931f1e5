{{ stage(
    'hubspot', 'deal_stage',
    is_history=true,
    content_key=['opportunity_id', 'changed_at', 'opportunity_stage'],
    texts={
        'opportunity_id': 'deal_id',
        'opportunity_stage': ['value', 'deal_stage', 'stage_id', 'id'],
    },
    instants={
        'changed_at': ['date_entered', '_fivetran_start', 'timestamp'],
    },
    numbers={
        'probability': 'probability',
    },
    booleans={
        'is_closed': 'is_closed',
        'is_won': ['closed_won', 'is_won'],
    },
) }}
