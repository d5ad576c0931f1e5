{{ stage(
    'hubspot', 'contact_list',
    key=['id', 'list_id'],
    texts={
        'campaign_id': ['id', 'list_id'],
        'campaign_name': 'name',
        'processing_type': ['processing_type', 'list_type'],
    },
    dates={
        'created_date': ['created_at', 'createdate'],
    },
    booleans={
        'is_dynamic': ['dynamic', 'is_dynamic'],
        'is_deleted': ['is_deleted', 'archived', 'deleted'],
    },
) }}
