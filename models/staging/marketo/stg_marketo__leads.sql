{{ stage(
    'marketo', 'lead',
    key=['id'],
    texts={
        'record_id': 'id',
        'email': 'email',
        'first_name': 'first_name',
        'last_name': 'last_name',
        'phone': ['phone', 'mobile_phone'],
        'company': 'company',
        'region': ['region', 'state'],
        'status': ['lead_status', 'status'],
        'lead_source': ['lead_source', 'source'],
        'sfdc_lead_id': 'sfdc_lead_id',
        'sfdc_contact_id': 'sfdc_contact_id',
    },
    instants={
        'created_at': 'created_at',
        'updated_at': 'updated_at',
    },
    booleans={
        'is_deleted': 'is_deleted',
        'has_stage_dates': 'has_stage_dates',
    },
) }}
