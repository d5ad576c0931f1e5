{{ stage(
    'hubspot', 'contact_form_submission',
    is_history=true,
    key=['conversion_id'],
    content_key=['record_id', 'campaign_id', 'touched_at'],
    texts={
        'record_id': ['contact_id', 'vid', 'canonical_vid'],
        'campaign_id': ['form_id', 'form_guid'],
        'title': 'title',
    },
    instants={
        'touched_at': ['timestamp', 'submitted_at'],
    },
) }}
