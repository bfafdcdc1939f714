"""Checks of TLS settings and certificates."""
