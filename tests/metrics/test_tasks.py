"""The tasks of metrics, as they are typed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.completion import CHOICES
from ops.metrics.history import GROUPS
from ops.sandbox.server import Sandbox
from ops.telemetry.ledger import Ledger
from tests.conftest import Result
from tests.metrics.lines import ACCOUNT, NOW, line
from tests.snapshots.kept import DAY, made

Inv = Callable[..., Result]


@pytest.fixture
def ledger(home: Path) -> Callable[..., None]:
    """Write runs of today: the times of `line` are moved to now."""

    def write(*runs: dict[str, object]) -> None:
        for run in runs:
            moved = {**run, "started": float(str(run["started"])) - NOW + time.time()}
            Ledger(home / "state").append(moved, time.time())

    return write


Write = Callable[..., None]


def test_the_runs_are_listed_newest_first(inv: Inv, ledger: Write) -> None:
    ledger(line("a", ago=7200), line("b", ago=60, exit_code=4), line("c", ago=30 * DAY))

    rows = json.loads(inv("metrics", "--output", "json").out)

    assert [(row["run"], row["outcome"], row["items"]) for row in rows] == [
        ("b", "partial", 10),
        ("a", "complete", 10),
    ]


@pytest.mark.parametrize(
    ("line_of", "found"), [(("--since", "1h"), ["b"]), (("--task", "zones.list"), ["a"])]
)
def test_runs_are_chosen_by_period_and_task(
    inv: Inv, ledger: Write, line_of: tuple[str, ...], found: list[str]
) -> None:
    ledger(line("a", ago=7200, task="zones.list"), line("b", ago=60))

    rows = json.loads(inv("metrics", *line_of, "--output", "json").out)

    assert [row["run"] for row in rows] == found


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv", "tsv", "yaml"])
def test_every_grouping_has_every_format(inv: Inv, ledger: Write, by: str, format: str) -> None:
    ledger(line("a"), line("b", ago=90_000, exit_code=2))

    result = inv("metrics", "--by", by, "--output", format)

    assert result.code == 0, result.err
    assert by in result.out
    assert ("█" in result.out) == (format == "table")


def test_an_unknown_grouping_is_refused_with_the_known_ones(inv: Inv) -> None:
    result = inv("metrics", "--by", "rout")

    assert result.code == 1
    assert "did you mean route" in result.err
    assert CHOICES["--by"] == GROUPS


def test_runs_on_the_sandbox_are_named_but_not_shown(inv: Inv, ledger: Write) -> None:
    ledger(line("a", stage="sandbox"))

    result = inv("metrics", "--output", "json")

    assert json.loads(result.out) == []
    assert "1 runs on the sandbox are not shown: `inv sandbox metrics`" in result.err


def test_a_damaged_line_is_a_warning(inv: Inv, ledger: Write) -> None:
    ledger(line("a", routes=3), line("b"))

    result = inv("metrics", "--output", "json")

    assert [row["run"] for row in json.loads(result.out)] == ["b"]
    assert "1 lines of the history are damaged" in result.err


def test_a_history_of_a_newer_version_is_refused(inv: Inv, home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "runs.jsonl").write_text('{"format":2,"started":1.0,"run":"a"}\n')

    result = inv("metrics")

    assert result.code == 1
    assert "hint: use a newer cfops" in result.err


def test_the_textfile_has_the_last_run_of_each_task_and_the_last_success(
    inv: Inv, ledger: Write, tmp_path: Path
) -> None:
    file = tmp_path / "cfops.prom"
    ledger(
        line("a", ago=3 * DAY),
        line("b", ago=60, exit_code=3, limited=7, items={}, sections={"failed": 2}),
        line("c", ago=50, task="zones.list", exit_code=None, lost=True),
    )

    assert inv("metrics.export", "--to", str(file)).code == 0

    samples = dict(text.rsplit(" ", 1) for text in file.read_text().splitlines() if not text.startswith("#"))
    run = f'{{task="scan.export",account="{ACCOUNT}",profile=""}}'
    lost = f'{{task="zones.list",account="{ACCOUNT}",profile=""}}'
    assert samples[f"cfops_run_exit_code{run}"] == "3"
    assert samples[f"cfops_run_rate_limited{run}"] == "7"
    assert samples[f"cfops_run_lost{lost}"] == "1"
    assert f"cfops_run_exit_code{lost}" not in samples
    assert time.time() - float(samples[f"cfops_run_success_timestamp_seconds{run}"]) > 2 * DAY
    assert samples[f'cfops_runs{{task="scan.export",account="{ACCOUNT}",outcome="failed"}}'] == "1"
    assert not [name for name in samples if name.startswith("cfops_run_items") and "scan.export" in name]
    assert samples['cfops_route_requests{route="GET /zones"}'] == "6"
    assert file.stat().st_mode & 0o777 == 0o644


def test_the_textfile_has_the_snapshots_of_all_accounts(inv: Inv, home: Path, tmp_path: Path) -> None:
    made(home / "exports", time.time())
    made(home / "exports", time.time(), account_id="b" * 32)

    assert inv("metrics.export", "--to", str(tmp_path / "cfops.prom")).code == 0

    text = (tmp_path / "cfops.prom").read_text()
    assert text.count("# TYPE cfops_snapshot_fresh gauge") == 1
    assert all(f'cfops_snapshot_fresh{{account="{id * 32}"}} 1' in text for id in "ab")


def test_without_runs_and_snapshots_only_the_moment_is_written(inv: Inv, tmp_path: Path) -> None:
    assert inv("metrics.export", "--to", str(tmp_path / "cfops.prom")).code == 0

    lines = (tmp_path / "cfops.prom").read_text().splitlines()
    assert [text.partition(" ")[0] for text in lines if not text.startswith("#")] == [
        "cfops_exported_timestamp_seconds"
    ]


def test_a_textfile_that_is_a_link_is_refused(inv: Inv, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("data")
    (tmp_path / "cfops.prom").symlink_to(tmp_path / "victim")

    assert inv("metrics.export", "--to", str(tmp_path / "cfops.prom")).code == 1
    assert (tmp_path / "victim").read_text() == "data"


def test_a_scan_of_the_account_shows_in_its_metrics(inv: Inv, staged: Sandbox) -> None:
    inv("scan", "--only", "dns", "--quiet")

    (row,) = json.loads(inv("metrics", "--by", "task", "--output", "json").out)

    assert (row["task"], row["runs"], row["success"]) == ("scan.run", 1, 100.0)
    assert row["p50"] <= row["p95"] <= row["p99"]
    assert row["budget"] > 0


def test_the_items_of_an_encrypted_snapshot_have_no_sample(inv: Inv, home: Path, tmp_path: Path) -> None:
    sealed = home / "exports" / ("a" * 32) / "2026-11-24T06-10-02Z-beef.tar.gz.age"
    sealed.parent.mkdir(parents=True)
    sealed.write_bytes(b"only its key opens it")

    result = inv("metrics.export", str(tmp_path / "cfops.prom"), "--account-id", "a" * 32)

    text = (tmp_path / "cfops.prom").read_text()
    assert result.code == 0, result.err
    assert f'cfops_snapshot_timestamp_seconds{{account="{"a" * 32}"}} 1795500602' in text
    assert f'cfops_snapshot_bytes{{account="{"a" * 32}"}} 21' in text
    assert "cfops_snapshot_items" not in text


def test_a_database_that_cannot_be_opened_is_a_failure_of_this_machine(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)

    result = inv("metrics")

    assert result.code == 2
    assert result.err == (
        "error: a database cannot be used: database or disk is full\nhint: `df` shows the free space\n"
    )
