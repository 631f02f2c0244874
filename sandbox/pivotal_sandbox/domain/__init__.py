"""The nouns of webhooks and their rules."""
