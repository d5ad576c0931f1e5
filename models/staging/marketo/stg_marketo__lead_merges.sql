{{ stage(
    'marketo', 'activity_merge_leads',
    is_history=true,
    key=['marketo_guid', 'id'],
    texts={
        'record_id': 'lead_id',
        'merge_ids': 'merge_ids',
        'attributes': 'attributes',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
