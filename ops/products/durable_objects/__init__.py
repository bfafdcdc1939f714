"""Durable Objects: namespaces and the ids of their objects."""

READ = "Account > Workers Scripts > Read"
NAMESPACE_PAGE = 20
