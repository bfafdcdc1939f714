"""error pages of the account and of zones."""
