"""Workers KV: namespaces, keys and values."""
