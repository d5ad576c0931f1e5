{{ stage(
    'hubspot', 'contact',
    key=['id', 'vid', 'contact_id', 'hs_object_id'],
    texts={
        'record_id': ['id', 'vid', 'contact_id', 'hs_object_id'],
        'canonical_id': 'canonical_vid',
        'email': 'email',
        'full_name': ['full_name', 'name'],
        'first_name': 'firstname',
        'last_name': 'lastname',
        'phone': ['phone', 'mobilephone'],
        'company': ['company', 'company_name'],
        'region': ['region', 'state'],
        'owner_id': ['hubspot_owner_id', 'owner_id'],
        'lifecycle_stage': 'lifecyclestage',
        'lead_status': 'hs_lead_status',
        'status_reason': [
            'hs_lead_status_reason',
            'lead_status_reason',
            'status_reason',
        ],
        'lead_source': [
            'hs_analytics_source',
            'original_source',
            'lead_source',
        ],
        'merged_objects': 'hs_merged_object_ids',
        'merged_vids': ['merged_vids', 'hs_merged_vids'],
        'calculated_merged_vids': [
            'hs_calculated_merged_vids',
            'calculated_merged_vids',
        ],
        'all_vids': 'hs_all_contact_vids',
    },
    instants={
        'created_at': ['createdate', 'created_at', 'hs_createdate'],
        'updated_at': ['lastmodifieddate', 'updated_at'],
    },
    booleans={
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
