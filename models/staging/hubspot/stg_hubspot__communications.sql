{{ stage(
    'hubspot', 'engagement_communication',
    key=['engagement_id', 'id', 'hs_object_id'],
    texts={
        'activity_id': ['engagement_id', 'id', 'hs_object_id'],
        'user_id': ['hubspot_owner_id', 'owner_id', 'engagement_owner_id'],
        'kind': ['hs_communication_channel_type', 'channel_type', 'type'],
        'activity_status': ['status'],
        'sequence_id': 'hs_sequence_id',
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
        'occurred_at': [
            'hs_timestamp',
            'timestamp',
            'engagement_timestamp',
            'hs_createdate',
            'created_at',
        ],
    },
    booleans={
        'is_active': ['active', 'engagement_active'],
        'is_deleted': ['is_deleted', 'archived'],
    },
) }}
