"""Email Routing: addresses, rules and settings."""
