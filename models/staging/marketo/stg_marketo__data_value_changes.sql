{{ stage(
    'marketo', 'activity_change_data_value',
    is_history=true,
    key=['marketo_guid', 'id'],
    texts={
        'record_id': 'lead_id',
        'attribute_name': 'primary_attribute_value',
        'attribute_id': 'primary_attribute_value_id',
        'old_value': 'old_value',
        'new_value': 'new_value',
        'reason': 'reason',
        'attributes': 'attributes',
    },
    instants={
        'occurred_at': 'activity_date',
    },
) }}
