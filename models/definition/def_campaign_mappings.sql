{{ definition('campaign_mappings') }}
