"""Vectorize: indexes."""
