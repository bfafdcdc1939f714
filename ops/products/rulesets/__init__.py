"""Rulesets of a zone or an account, with their rules."""
