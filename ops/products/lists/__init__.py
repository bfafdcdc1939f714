"""Lists that rules name: IP addresses, hostnames, networks and redirects."""
