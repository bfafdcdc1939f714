from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import bare, shell  # noqa: F401  (fixtures for the tests of this folder)
from tests.writes.stage import Shelf, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()
