{{ stage(
    'marketo', 'merged_lead',
    is_history=true,
    key=['id', 'merged_lead'],
    content_key=['losing_record_id', 'winning_record_id'],
    texts={
        'losing_record_id': ['merged_lead', 'merged_lead_id', 'lead_id', 'id'],
        'winning_record_id': [
            'into_lead',
            'into_lead_id',
            'merged_into_id',
            'merged_into_lead_id',
            'winning_lead_id',
        ],
    },
    instants={
        'merged_at': ['merged_at', 'activity_date', 'updated_at'],
    },
) }}
