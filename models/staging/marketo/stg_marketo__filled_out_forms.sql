{{ stage(
    'marketo', 'activity_fill_out_form',
    key=['marketo_guid', 'id'],
    required={
        'marketo_guid, id': 'to tell its rows apart',
        'lead_id': 'to know whose row it is',
        'activity_date': 'to know when it happened',
    },
    texts={
        'record_id': 'lead_id',
        'campaign_id': ['program_id', 'campaign_id'],
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
