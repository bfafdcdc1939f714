"""Checks of DNS records and of mail."""
