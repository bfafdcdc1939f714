"""Hyperdrive: connections of Workers to databases."""
