"""The doctor: what is wrong with this machine, its settings, the way to Cloudflare, or the token."""
