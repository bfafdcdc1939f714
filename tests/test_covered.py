"""The gate of coverage fails for what it names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.covered import problems


def report(*, lines: int = 99, branches: int = 97, entered: int = 1) -> dict[str, Any]:
    function = {"summary": {"num_statements": 3, "covered_lines": entered}}
    totals = {
        "num_statements": 100,
        "covered_lines": lines,
        "num_branches": 100,
        "covered_branches": branches,
    }
    return {"totals": totals, "files": {"ops/run.py": {"functions": {"start": function}}}}


def test_enough_coverage_passes() -> None:
    assert list(problems(report())) == []


@pytest.mark.parametrize(
    ("measured", "problem"),
    [
        ({"lines": 97}, "97.00 % of the lines were run, less than 98 %"),
        ({"branches": 95}, "95.00 % of the branches were run, less than 96 %"),
        ({"entered": 0}, "never entered: ops/run.py start"),
    ],
    ids=["lines", "branches", "functions"],
)
def test_a_gap_fails(measured: dict[str, int], problem: str) -> None:
    assert list(problems(report(**measured))) == [problem]
