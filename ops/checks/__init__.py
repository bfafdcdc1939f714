"""Checks of an account, judged from a snapshot without a request."""
