"""notifications: policies, and the webhooks that they call."""
