"""Who hears of a failure: a webhook, and people by mail, where the environment names
them."""
