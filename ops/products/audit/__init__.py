"""Cloudflare's own audit log of an account."""
