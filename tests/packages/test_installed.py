"""Which code the suite tests: `.ci/run` lets one Python test the wheel instead of the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import ops


@pytest.mark.skipif(not os.environ.get("TEST_WHEEL"), reason="this run tests the checkout")
def test_the_suite_tests_the_code_of_the_wheel() -> None:
    assert Path(ops.__file__).parts[-4:] == ("cfops", "house", "ops", "__init__.py")
