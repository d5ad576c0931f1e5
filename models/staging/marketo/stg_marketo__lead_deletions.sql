{{ stage(
    'marketo', 'activity_delete_lead',
    key=['marketo_guid', 'id'],
    required={
        'marketo_guid, id': 'to tell its rows apart',
        'lead_id': 'to know whose row it is',
    },
    texts={
        'record_id': 'lead_id',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
