"""Web Analytics: sites."""
