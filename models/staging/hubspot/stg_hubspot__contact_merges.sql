{{ stage(
    'hubspot', 'contact_merge_audit',
    is_history=true,
    content_key=['losing_record_id', 'winning_record_id'],
    texts={
        'losing_record_id': ['vid_to_merge', 'merged_contact_id'],
        'winning_record_id': ['canonical_vid', 'contact_id', 'vid'],
        'final_record_id': ['contact_id', 'vid'],
    },
    instants={
        'merged_at': ['timestamp', 'merged_at'],
    },
) }}
