"""IP access rules of the account and of zones."""
