{{ stage(
    'marketo', 'activity_new_lead',
    key=['marketo_guid', 'id'],
    texts={
        'record_id': 'lead_id',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
