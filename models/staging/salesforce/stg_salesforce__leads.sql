{{ stage(
    'salesforce', 'lead',
    key=['id'],
    texts={
        'record_id': 'id',
        'email': 'email',
        'full_name': 'name',
        'first_name': 'first_name',
        'last_name': 'last_name',
        'phone': ['phone', 'mobile_phone'],
        'company': 'company',
        'region': ['region', 'state'],
        'owner_id': 'owner_id',
        'status': 'status',
        'status_reason': [
            'status_reason',
            'status_reason_c',
            'rejection_reason_c',
        ],
        'lead_source': 'lead_source',
        'created_by_id': 'created_by_id',
        'master_record_id': 'master_record_id',
        'converted_contact_id': 'converted_contact_id',
        'converted_opportunity_id': 'converted_opportunity_id',
    },
    instants={
        'created_at': 'created_date',
        'updated_at': ['last_modified_date', 'system_modstamp'],
        'converted_at': 'converted_date',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
