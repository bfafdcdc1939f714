"""Accounts that the token sees."""
