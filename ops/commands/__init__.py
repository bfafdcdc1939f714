"""The tasks of what is not a product."""
