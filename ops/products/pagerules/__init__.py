"""Page rules of a zone."""
