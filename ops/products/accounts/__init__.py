"""Accounts that the token can see."""
