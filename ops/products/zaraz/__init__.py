"""Zaraz: the configuration of zones."""
