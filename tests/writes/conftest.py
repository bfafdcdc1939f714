from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import bare, shell  # noqa: F401  (fixtures for the tests of this folder)
from tests.writes.stage import Remote, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def remote() -> Remote:
    return Remote()
