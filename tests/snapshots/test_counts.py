"""`inv snapshots.counts`: how the account grew, by manifests alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from ops.commands.snapshots.counts import sparkline
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]


def rows(result: Result) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in json.loads(result.out)}


def test_each_kind_has_its_counts_and_what_was_not_read_is_a_hole(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    line = ("scan.export", "--only", "zones,dns")
    # Two snapshots of one second have no order.
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)) as clock:
        inv(*line)
        clock.shift(60)
        staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))
        inv(*line)
        clock.shift(60)
        staged.faults.clear()
        inv("dns.delete", "--zone", "example.com", "--name", "docs", "--type", "CNAME", "--yes")
        inv(*line)
    for file in (home / "exports").glob("*/20*/*.jsonl"):
        file.unlink()  # no item is read

    found = rows(inv("snapshots.counts", "--output", "json"))

    record = found["dns.record"]
    assert [point["count"] for point in record["counts"]] == [212, None, 211]
    assert (record["first"], record["last"], record["change"], record["unknown"]) == (212, 211, -1, 1)
    assert record["growth"] == "█·▁"
    assert found["zones.zone"]["growth"] == "▁▁▁"


def test_since_and_kind_narrow_what_is_counted(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export", "--only", "zones,dns")

    kinds = rows(inv("snapshots.counts", "--kind", "dns", "--output", "json"))
    later = inv("snapshots.counts", "--since", "2099-01-01", "--output", "json")
    wrong = inv("snapshots.counts", "--since", "soon")

    assert {kind.partition(".")[0] for kind in kinds} == {"dns"}
    assert {"dns.record", "dns.settings"} <= set(kinds)
    assert json.loads(later.out) == []
    assert wrong.code == 1
    assert "--since takes a number and a unit, not 'soon'" in wrong.err


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ([], ""),
        ([5], "▁"),
        ([0, 7, None, 3], "▁█·▄"),
        ([None, None], "··"),
        ([3, 3, 3], "▁▁▁"),
    ],
)
def test_a_line_of_bars_shows_the_least_the_greatest_and_holes(points: list[int | None], line: str) -> None:
    assert sparkline(points) == line


def test_a_long_line_shows_the_last_known_point_of_each_place() -> None:
    assert sparkline([1, None] * 60) == "▁" * 60
