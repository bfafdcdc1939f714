"""D1: SQL databases."""
