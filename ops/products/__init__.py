"""Cloudflare's products, one folder each."""
