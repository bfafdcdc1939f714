"""Cloudflare Tunnel: tunnels with their configurations, routes and virtual networks."""
