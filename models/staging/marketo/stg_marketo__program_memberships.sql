{{ stage(
    'marketo', 'program_membership',
    key=['id'],
    content_key=['record_id', 'campaign_id', 'touched_at'],
    texts={
        'record_id': 'lead_id',
        'campaign_id': 'program_id',
        'member_status': ['status', 'progression_status'],
    },
    instants={
        'touched_at': [
            'membership_date',
            'created_at',
            'reached_success_date',
            'updated_at',
        ],
    },
) }}
