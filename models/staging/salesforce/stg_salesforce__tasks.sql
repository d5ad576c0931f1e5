{{ stage(
    'salesforce', 'task',
    key=['id'],
    content_key=[
        'record_id', 'completed_at', 'created_at', 'task_type', 'user_id',
    ],
    texts={
        'record_id': 'who_id',
        'user_id': 'owner_id',
        'task_type': 'type',
        'task_subtype': 'task_subtype',
        'status': 'status',
    },
    instants={
        'completed_at': 'completed_date_time',
        'created_at': 'created_date',
    },
    booleans={
        'is_closed': 'is_closed',
        'is_deleted': 'is_deleted',
    },
) }}
