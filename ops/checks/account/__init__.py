"""Checks of the zones and the account as a whole."""
