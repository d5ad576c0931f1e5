{{ stage(
    'salesforce', 'opportunity_history',
    is_history=true,
    content_key=['row_id', 'opportunity_id', 'changed_at', 'opportunity_stage'],
    texts={
        'opportunity_id': ['opportunity_id', 'id'],
        'opportunity_stage': 'stage_name',
        'row_id': 'id',
        'history_start': '_fivetran_start',
    },
    instants={
        'changed_at': ['_fivetran_start', 'created_date'],
    },
) }}
