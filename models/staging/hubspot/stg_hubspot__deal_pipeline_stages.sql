{{ stage(
    'hubspot', 'deal_pipeline_stage',
    key=['stage_id', 'pipeline_stage_id', 'id'],
    texts={
        'opportunity_stage': ['stage_id', 'pipeline_stage_id', 'id'],
        'label': 'label',
    },
    numbers={
        'probability': ['probability', 'metadata_probability'],
    },
    booleans={
        'is_closed': ['is_closed', 'metadata_is_closed'],
        'is_won': ['closed_won', 'is_won', 'metadata_is_won'],
    },
) }}
