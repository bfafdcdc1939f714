"""Logpush: jobs of the account and of zones."""
