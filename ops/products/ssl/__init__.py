"""SSL/TLS: the live check of a host, certificate packs, custom certificates and hostnames."""
