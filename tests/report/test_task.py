"""The task: the page of a kept snapshot, and the one that an export writes beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.report.building import Page

Inv = Callable[..., Result]


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """Yield the clock of the test: two snapshots of one second have no order."""
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)) as moved:
        yield moved


def test_a_page_of_a_kept_snapshot_shows_the_scan_as_the_one_of_the_export_does(
    inv: Inv, staged: Sandbox, tmp_path: Path
) -> None:
    result = inv("scan.export", "--only", "zones,dns", "--report", "--output", "json")
    assert result.code == 0, result.err
    beside = Path(json.loads(result.out)["report"]).read_text()

    assert inv("report", "--to", str(tmp_path / "page.html")).code == 0

    later = (tmp_path / "page.html").read_text()
    for text in (beside, later):
        shown = Page(text).section("jobs") if "The jobs" in text else ""
        assert "When the kinds were read by the run of" in shown
        assert re.search(r"dns\.record: \d+ sections in ", shown)


PUT = ("dns.put", "--zone", "example.com", "--type", "A", "--content", "192.0.2.44", "--name")


def test_the_page_names_the_task_of_this_machine_that_made_a_change(
    inv: Inv, staged: Sandbox, clock: time_machine.Coordinates, tmp_path: Path
) -> None:
    for line in (
        ("scan.export", "--quiet"),
        (*PUT, "new"),
        ("scan.export", "--report", "--output", "json"),
    ):
        result = inv(*line)
        assert result.code == 0, result.err
        clock.shift(60)
    beside = Page(Path(json.loads(result.out)["report"]).read_text())

    assert inv("report", "--to", str(tmp_path / "page.html")).code == 0

    for page in (beside, Page((tmp_path / "page.html").read_text())):
        shown = page.section("changes")
        assert re.search(r"cfops on this machine , [-\d]+ \d\d:00 UTC: 1 change in example\.com", shown)
        assert re.search(r"dns\.record created in example\.com , dns\.put \(\w+-1\)", shown)
        assert "by cfops on this machine" in " ".join(page.texts)


def test_a_journal_that_cannot_be_read_costs_the_page_only_its_authors(
    inv: Inv, staged: Sandbox, home: Path, clock: time_machine.Coordinates, tmp_path: Path
) -> None:
    for line in (
        ("scan.export", "--quiet"),
        (*PUT, "new"),
        ("scan.export", "--quiet"),
    ):
        assert inv(*line).code == 0
        clock.shift(60)
    (journal,) = (home / "state" / "journal").glob("journal.jsonl")
    journal.write_text(journal.read_text().replace("192.0.2.44", "192.0.2.45"))

    result = inv("report", "--to", str(tmp_path / "page.html"))

    assert result.code == 0
    assert "what this machine changed is not known: " in result.err


def needs(inv: Inv, file: Path, *options: str) -> str:
    """Return what needs somebody on the page that `report` writes."""
    assert inv("report", "--to", str(file), *options).code == 0
    return Page(file.read_text()).section("needs")


def test_alerts_that_fire_now_are_on_the_page_of_the_newest_snapshot(
    inv: Inv, staged: Sandbox, clock: time_machine.Coordinates, tmp_path: Path
) -> None:
    first = json.loads(inv("scan.export", "--output", "json").out)["snapshot"]
    clock.shift(30 * 3600)
    file, alert = tmp_path / "page.html", "Alert no-snapshot"

    assert alert in needs(inv, file)
    made = inv("scan.export", "--report", "--output", "json")
    assert alert not in Page(Path(json.loads(made.out)["report"]).read_text()).section("needs")
    clock.shift(30 * 3600)
    assert alert not in needs(inv, file, "--at", first)
    assert alert in needs(inv, file)
    assert inv("alerts.silence", "no-snapshot", "--for", "24h", "--why", "a move").code == 0
    assert alert not in needs(inv, file)


def test_a_state_of_the_alerts_that_cannot_be_read_costs_the_page_only_these(
    inv: Inv, staged: Sandbox, home: Path, tmp_path: Path
) -> None:
    inv("scan.export", "--quiet")
    inv("alerts.silence", "damaged", "--for", "1h", "--why", "a move")
    (state,) = (home / "state" / "alerts").glob("*.json")
    state.write_text("{")

    result = inv("report", "--to", str(tmp_path / "page.html"))

    assert (result.code, "the alerts are not on the page: " in result.err) == (0, True)
