"""Workers for Platforms: dispatch namespaces."""
