"""AI Gateway."""
