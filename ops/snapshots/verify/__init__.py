"""A snapshot checked against its manifest."""
