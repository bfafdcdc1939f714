"""Checks of Workers and of what they are bound to."""
