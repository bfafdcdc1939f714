"""Plugins: code of other distributions that the user has enabled by name; see ops/docs/plugins.md."""
