"""health checks of zones."""
