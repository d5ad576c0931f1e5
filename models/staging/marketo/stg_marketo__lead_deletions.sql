{{ stage(
    'marketo', 'activity_delete_lead',
    is_history=true,
    key=['marketo_guid', 'id'],
    texts={
        'record_id': 'lead_id',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
