"""Cloudflare's own statistics: datasets are declared once, and read here within their limits."""
