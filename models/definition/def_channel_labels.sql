{{ definition('channel_labels') }}
