{{ stage(
    'marketo', 'activity_change_status_in_progression',
    is_history=true,
    key=['marketo_guid', 'id'],
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
