{{ stage(
    'marketo', 'activity_merge_leads',
    key=['marketo_guid', 'id'],
    required={
        'marketo_guid, id': 'to tell its rows apart',
        'lead_id': 'to know which lead stays',
    },
    texts={
        'record_id': 'lead_id',
        'merge_ids': 'merge_ids',
        'attributes': 'attributes',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
