"""The forecast of long work."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.http.budget import Budget
from ops.http.pause import Pause
from ops.kinds.catalog import resources
from ops.metrics.forecast import Forecast, from_counts, from_history
from ops.sandbox.server import Sandbox
from ops.scan.inventory import ScanFilter, choose
from ops.snapshots.manifest import load
from tests.conftest import Result
from tests.metrics.lines import line

Inv = Callable[..., Result]

WALL = 1_796_000_000.0


def budget(folder: Path, limit: int, used: int, now: float) -> Budget:
    moments = [now]
    made = Budget(
        folder / "budget",
        limit=limit,
        window=300,
        pause=Pause(say=print, stop=threading.Event()),
        clock=lambda: moments[0],
    )
    for _ in range(used):
        moments[0] += 0.01
        made.settle(made.acquire())
    moments[0] = now + 60
    return made


def test_what_fits_into_the_budget_and_is_short_is_not_announced(tmp_path: Path) -> None:
    made = budget(tmp_path, 100, 40, 1000.0)

    assert Forecast(60, 10.0).sentence(made, WALL) == ""
    made.close()


def test_what_does_not_fit_is_announced_with_what_is_left_and_until_when(tmp_path: Path) -> None:
    made = budget(tmp_path, 100, 40, 1000.0)

    sentence = Forecast(5030).sentence(made, WALL)

    # The first of the forty is free again 300 s after it was sent: 240 s from now.
    until = time.strftime("%H:%M", time.localtime(WALL + 240))
    assert sentence == f"about 5,030 requests, 4 h 10 min at this budget; 60 are left until {until}"
    made.close()


def test_without_a_budget_the_time_is_that_of_the_last_run() -> None:
    assert Forecast(5030, 300.0).sentence(None, WALL) == "about 5,030 requests, 5 min"
    assert Forecast(5030, 0.0).sentence(None, WALL) == ""


def test_the_last_finished_run_with_the_same_options_is_the_forecast() -> None:
    runs = [
        line("a", requests=100, seconds=9.0),
        line("b", requests=5030, seconds=70.0),
        line("c", requests=3, exit_code=2),
        line("d", requests=9, like="other"),
    ]

    assert from_history(runs, "like") == Forecast(5030, 70.0)
    assert from_history(runs, "none") is None


def test_the_time_of_a_run_that_waited_for_the_budget_is_not_that_of_its_requests() -> None:
    assert from_history([line(requests=5030, seconds=900.0, waited=800.0)], "like") == Forecast(5030, 0.0)


@pytest.mark.parametrize("deep", [False, True])
def test_the_counts_of_a_snapshot_are_a_forecast_of_the_next_scan(
    inv: Inv, staged: Sandbox, home: Path, deep: bool
) -> None:
    options = ("--deep",) if deep else ()
    exported = json.loads(inv("scan.export", *options, "--output", "json").out)
    manifest = load(Path(exported["snapshot"]))

    plan = choose(resources(), ScanFilter(deep=deep, contents=True))

    forecast = from_counts(plan, manifest).requests
    assert exported["requests"] * 0.9 <= forecast <= exported["requests"] * 1.1


def test_only_the_requests_of_the_chosen_zone_are_counted(inv: Inv, staged: Sandbox) -> None:
    manifest = load(Path(json.loads(inv("scan.export", "--output", "json").out)["snapshot"]))
    zone = {"zones.zone": [{"id": "a"}]}

    plan = choose(resources(), ScanFilter(only=("dns.record",), given=zone))

    assert from_counts(plan, manifest) == Forecast(1)


def test_a_scan_that_does_not_fit_into_the_budget_is_announced(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The budget is used up, and the deadline ends the scan before it would wait."""
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", staged.account_id)
    assert inv("scan", "--quiet").code == 0
    monkeypatch.setenv("CFOPS_BUDGET", "50")
    monkeypatch.setenv("CFOPS_DEADLINE", "1")

    result = inv("scan")

    assert re.search(
        r"about 1\d\d requests, \d+ min at this budget; \d+ are left until \d\d:\d\d", result.err
    )


@pytest.mark.parametrize(
    "line",
    [
        ("kv.dump", "sessions", "sessions.jsonl", "--force"),
        ("kv.load", "sessions", "stored.jsonl", "--dry-run"),
        ("snapshots.diff", "latest", "live"),
        ("snapshots.verify", "--live"),
    ],
    ids=lambda line: line[0],
)
def test_other_long_work_is_announced_as_its_last_run(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", staged.account_id)
    assert inv("scan.export", "--quiet").code == 0
    assert inv("kv.dump", "sessions", "stored.jsonl").code == 0
    assert inv(*line).code == 0
    monkeypatch.setattr("ops.metrics.forecast.LONG", 0.0)

    result = inv(*line)

    assert re.search(r"about \d+ requests, \d", result.err)


def test_reading_many_zones_is_announced_with_the_time_that_the_budget_takes(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "10")
    monkeypatch.setenv("CFOPS_DEADLINE", "1")

    result = inv("ssl.expiring")

    assert re.search(
        r"reading 12 zones: about 24 requests, \d+ min at this budget; \d are left until", result.err
    )
