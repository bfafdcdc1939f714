"""Turnstile: widgets."""
