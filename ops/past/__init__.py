"""A snapshot that answers instead of Cloudflare."""
