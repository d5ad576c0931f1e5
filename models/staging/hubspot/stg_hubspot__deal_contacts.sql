{{ stage(
    'hubspot', 'deal_contact',
    content_key=['opportunity_id', 'contact_id'],
    texts={
        'opportunity_id': 'deal_id',
        'contact_id': ['contact_id', 'vid'],
        'inside_of': 'inside_of',
    },
    booleans={
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
