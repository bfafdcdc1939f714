"""Cloudflare Images."""
