"""Zones: the domains of an account, their status and settings."""
