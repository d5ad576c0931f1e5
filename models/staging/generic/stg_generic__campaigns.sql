{{ stage(
    'generic', 'campaign',
    key=['campaign_id'],
    content_key=['campaign_name'],
    texts={
        'campaign_id': 'campaign_id',
        'campaign_name': 'name',
        'channel': 'channel',
        'campaign_type': 'type',
    },
    dates={
        'start_date': 'start_date',
        'end_date': 'end_date',
    },
) }}
