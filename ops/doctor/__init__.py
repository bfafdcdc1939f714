"""The doctor: checks this machine, its settings, the connection to Cloudflare, and the token."""
