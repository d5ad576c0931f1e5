{{ stage(
    'marketo', 'activity_change_status_in_progression',
    key=['marketo_guid', 'id'],
    required={
        'marketo_guid, id': 'to tell its rows apart',
        'lead_id': 'to know whose row it is',
        'activity_date': 'to know when it happened',
    },
    texts={
        'record_id': 'lead_id',
        'campaign_id': ['program_id', 'primary_attribute_value_id'],
        'member_status': 'new_status',
        'attributes': 'attributes',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
