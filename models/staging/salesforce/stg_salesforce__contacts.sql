{{ stage(
    'salesforce', 'contact',
    key=['id'],
    texts={
        'record_id': 'id',
        'email': 'email',
        'full_name': 'name',
        'first_name': 'first_name',
        'last_name': 'last_name',
        'phone': ['phone', 'mobile_phone'],
        'region': ['region', 'mailing_state'],
        'owner_id': 'owner_id',
        'lead_source': 'lead_source',
        'created_by_id': 'created_by_id',
        'account_id': 'account_id',
        'master_record_id': 'master_record_id',
    },
    instants={
        'created_at': 'created_date',
        'updated_at': ['last_modified_date', 'system_modstamp'],
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
