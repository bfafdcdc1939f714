"""Scan: walk the account and build the inventory."""
