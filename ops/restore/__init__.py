"""Restore: the differences between the account and a snapshot, applied to the account."""
