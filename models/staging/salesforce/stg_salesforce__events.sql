{{ stage(
    'salesforce', 'event',
    key=['id'],
    content_key=[
        'record_id', 'started_at', 'activity_at', 'created_at', 'event_type', 'user_id',
    ],
    texts={
        'record_id': 'who_id',
        'user_id': 'owner_id',
        'event_type': 'type',
    },
    instants={
        'started_at': 'start_date_time',
        'activity_at': 'activity_date_time',
        'created_at': 'created_date',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
