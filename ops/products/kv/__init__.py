"""Workers KV: namespaces, keys and values."""

READ = "Account > Workers KV Storage > Read"
