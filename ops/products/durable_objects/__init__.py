"""Durable Objects: namespaces and the ids of their objects."""
