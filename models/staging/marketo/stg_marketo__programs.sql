{{ stage(
    'marketo', 'program',
    key=['id'],
    required={
        'id': 'to name the program',
    },
    texts={
        'campaign_id': 'id',
        'campaign_name': 'name',
        'channel': 'channel',
        'campaign_type': 'type',
    },
    dates={
        'start_date': 'start_date',
        'end_date': 'end_date',
    },
) }}
