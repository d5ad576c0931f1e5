{{ stage(
    'hubspot', 'engagement_meeting',
    key=['engagement_id', 'id', 'hs_object_id'],
    texts={
        'activity_id': ['engagement_id', 'id', 'hs_object_id'],
        'user_id': ['hubspot_owner_id', 'owner_id', 'engagement_owner_id'],
        'kind': ['type'],
        'activity_status': [
            'hs_meeting_outcome',
            'meeting_outcome',
            'outcome',
            'metadata_meeting_outcome',
        ],
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
            'hs_meeting_start_time',
            'start_time',
            'metadata_start_time',
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
