{{ stage(
    'marketo', 'activity_fill_out_form',
    is_history=true,
    key=['marketo_guid', 'id'],
    texts={
        'record_id': 'lead_id',
        'campaign_id': ['program_id', 'campaign_id'],
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
