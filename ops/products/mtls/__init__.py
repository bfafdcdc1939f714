"""certificates for mutual TLS."""
