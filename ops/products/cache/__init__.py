"""Cache: how a zone caches."""
