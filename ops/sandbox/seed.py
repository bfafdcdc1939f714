"""Fills a new sandbox with an account that looks like a real one.

Dates lie in the past and ids follow from names, so that two scans are equal.
"""

from __future__ import annotations

from ops.sandbox.seed_account import seed_account
from ops.sandbox.seed_certificates import seed_certificates
from ops.sandbox.seed_rules import seed_rules
from ops.sandbox.seed_zones import seed_zones
from ops.sandbox.store import Store


def seed_all(store: Store) -> None:
    """Write everything a new sandbox holds."""
    seed_zones(store)
    seed_certificates(store)
    seed_rules(store)
    # Last: its custom domains lie in the zones.
    seed_account(store)
