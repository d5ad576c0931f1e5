{{ stage(
    'salesforce', 'campaign',
    key=['id'],
    required={
        'id': 'to name the campaign',
    },
    texts={
        'campaign_id': 'id',
        'campaign_name': 'name',
        'channel': ['channel', 'channel_c'],
        'campaign_type': 'type',
    },
    dates={
        'start_date': 'start_date',
        'end_date': 'end_date',
    },
    booleans={
        'is_deleted': 'is_deleted',
    },
) }}
