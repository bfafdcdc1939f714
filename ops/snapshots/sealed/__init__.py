"""Encrypted snapshots."""
