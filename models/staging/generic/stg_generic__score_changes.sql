{{ stage(
    'generic', 'score_change',
    is_history=true,
    content_key=['record_id', 'changed_at', 'score', 'reason'],
    record='record_id',
    texts={
        'record_id': 'lead_id',
        'score': 'score',
        'reason': 'reason',
    },
    instants={
        'changed_at': 'changed_at',
    },
) }}
