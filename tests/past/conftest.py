"""The exported snapshots of tests/snapshots."""

from __future__ import annotations

from tests.snapshots.conftest import export, exported  # noqa: F401  (fixtures)
