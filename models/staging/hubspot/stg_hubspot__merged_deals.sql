{{ stage(
    'hubspot', 'merged_deal',
    is_history=true,
    content_key=['losing_opportunity_id', 'winning_opportunity_id'],
    texts={
        'losing_opportunity_id': 'merged_deal_id',
        'winning_opportunity_id': 'deal_id',
    },
) }}
