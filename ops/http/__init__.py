"""The wire: everything between a service function and Cloudflare."""
