{{ stage(
    'hubspot', 'deal',
    key=['deal_id', 'id', 'hs_object_id'],
    texts={
        'opportunity_id': ['deal_id', 'id', 'hs_object_id'],
        'owner_id': ['owner_id', 'hubspot_owner_id'],
        'opportunity_stage': [
            'deal_pipeline_stage_id',
            'dealstage',
            'pipeline_stage_id',
            'stage_id',
        ],
        'currency': ['deal_currency_code', 'currency_code', 'currency'],
        'amount_text': 'amount',
        'merged_objects': 'hs_merged_object_ids',
        'listed': [
            'contacts',
            'contact_ids',
            'associations_contacts',
            'associations_contact_ids',
            'associated_vids',
            'associations_associated_vids',
            'associated_contact_ids',
            'associated_contacts',
        ],
    },
    instants={
        'created_at': ['createdate', 'created_at', 'hs_createdate'],
        'close_date': 'closedate',
        'updated_at': ['hs_lastmodifieddate', 'updated_at'],
    },
    currency='currency',
    decimals={
        'amount': 'amount',
    },
    booleans={
        'is_closed': ['hs_is_closed', 'is_closed'],
        'is_won': ['hs_is_closed_won', 'is_closed_won', 'is_won'],
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
