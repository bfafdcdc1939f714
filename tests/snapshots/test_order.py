"""Snapshots that were started in one second: their order is that of their starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import time_machine

from ops.export.light import UNEXPLAINED, alarm
from ops.sandbox.server import Sandbox
from ops.snapshots.layout import ENDING, PARTIAL_ENDING, is_snapshot_name, snapshot_names
from ops.snapshots.library import Library, free_names
from ops.snapshots.manifest import Section
from tests.conftest import Result
from tests.snapshots.kept import ACCOUNT_ID, NOW, made

Inv = Callable[..., Result]
SECOND = "2026-11-30T05:00:00"
NUMBERS = range(1, 6)


@pytest.fixture
def names(staged: Sandbox, inv: Inv) -> list[str]:
    """Return the names of five snapshots of one second, before each of which a record was changed."""
    found = []
    with time_machine.travel(f"{SECOND}Z") as clock:
        for number in NUMBERS:
            assert inv("dns.put", "example.com", "order", "A", f"192.0.2.{number}", "--yes").code == 0
            clock.move_to(f"{SECOND}.{number}Z")
            result = inv("scan.export", "--only", "dns.record", "--output", "json")
            assert result.code == 0, result.err
            found.append(Path(json.loads(result.out)["snapshot"]).name)
    return found


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.code in (0, 5), result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def test_every_task_has_the_snapshots_of_one_second_in_order(names: list[str], inv: Inv) -> None:
    listed = [row["snapshot"] for row in rows(inv("snapshots.list", "--output", "json"))]
    shown = inv("snapshots.diff", "previous", "latest", "--output", "json")
    history = inv("history", "dns.record", "order.example.com", "--output", "json")

    assert listed == names[::-1]
    assert {name[:19] for name in names} == {"2026-11-30T05-00-00"}
    assert '"192.0.2.4"' in shown.out
    assert '"192.0.2.5"' in shown.out
    times = [history.out.index(f"192.0.2.{number}") for number in NUMBERS]
    assert times == sorted(times) or times == sorted(times, reverse=True)


def test_a_name_is_used_once_whatever_the_form_of_the_snapshot(tmp_path: Path) -> None:
    first, second, third, fourth = islice(snapshot_names(NOW + 0.5), 4)
    (tmp_path / first).mkdir()
    (tmp_path / f"{second}{ENDING}").touch()
    (tmp_path / f"{third}{PARTIAL_ENDING}").touch()

    assert next(free_names(tmp_path, NOW + 0.5)) == fourth


def test_names_are_in_order_from_the_first_to_the_last_moment_of_a_second() -> None:
    moments = [NOW + part / 1000 for part in range(1000)]

    found = [next(snapshot_names(moment)) for moment in moments]

    assert found == sorted(found)
    assert all(map(is_snapshot_name, found))
    assert len(set(found)) == len(found)
    assert len(list(snapshot_names(NOW + 0.999_999))) > 5000


def test_an_alarm_in_the_second_of_the_base_counts_if_it_is_later(tmp_path: Path) -> None:
    found = Section("dns.record", "z1", "complete", 2, f"{UNEXPLAINED}: x")
    made(tmp_path, NOW, "1000")
    made(tmp_path, NOW, "2000", sections=(found,), status="partial", reason="x")
    made(tmp_path, NOW, "3000")
    library = Library(tmp_path, ACCOUNT_ID)
    newest, oldest = library.find("latest"), library.all()[-1]

    assert alarm(library, newest) == ""
    assert UNEXPLAINED in alarm(library, oldest)
