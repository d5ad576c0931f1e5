{{ stage(
    'hubspot', 'deal_pipeline',
    key=['pipeline_id', 'id'],
    texts={
        'pipeline_id': ['pipeline_id', 'id'],
        'label': 'label',
    },
) }}
