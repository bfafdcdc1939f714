"""What people see in a table, where machines get rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine

from ops.commands.metrics import _draw
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
EXPORT = ("scan.export", "--quiet")
RECORD = ("--zone", "example.com", "--name", "seen", "--type", "A", "--content")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_history_of_an_item_shows_each_field_with_both_values(staged: Sandbox, inv: Inv) -> None:
    began = time.time()
    for minute, content in enumerate(("192.0.2.1", "192.0.2.2")):
        with time_machine.travel(began + 60 * minute):
            assert inv("dns.put", *RECORD, content).code == 0
            assert inv(*EXPORT).code == 0

    with time_machine.travel(began + 180):
        shown = inv("history", "dns.record", "--zone", "example.com", "--name", "seen", "--output", "table")

    assert shown.code == 0, shown.err
    assert "content: 192.0.2.1 → 192.0.2.2" in shown.out
    assert "content 192.0.2.1" in shown.out


def test_the_page_of_a_snapshot_can_be_a_folder_and_names_who_made_a_change(
    staged: Sandbox, inv: Inv
) -> None:
    inv(*EXPORT)
    inv("dns.put", *RECORD, "192.0.2.1")
    inv(*EXPORT)

    written = inv("report", "--to", "page/", "--output", "json")

    assert written.code == 0, written.err
    files = sorted(file.name for file in Path("page").iterdir())
    assert [name.rpartition(".")[2] for name in files].count("html") == 1
    page = next(Path("page").glob("*.html")).read_text()
    assert "seen.example.com" in page
    assert "admin@example.com" in page


def test_a_run_under_way_is_drawn_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "task": "scan.export", "outcome": "running", "seconds": 2.0, "sections": 3, "known": 9, "items": 1200,
        "requests": 41, "budget_left": 700, "left": 60.0,
    }  # fmt: skip

    _draw(iter([row, {**row, "outcome": "complete", "known": 0, "budget_left": None, "left": None}]))

    first, last = capsys.readouterr().out.splitlines()
    assert "3 of 9 sections, 1,200 items, 41 requests, 700 left in the budget, about" in first
    assert last.endswith("1,200 items, 41 requests")
