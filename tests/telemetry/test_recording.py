"""The recording of runs: a line for each `inv` line that did something, whatever became of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ops.cli.recording import Recording
from ops.items import Json
from ops.sandbox.server import Sandbox
from ops.telemetry.ledger import Ledger, running
from ops.telemetry.record import CallSeen, Record, ScanSeen, SectionSpan, WritesSeen
from ops.telemetry.tally import Tally
from ops.telemetry.timeline import COLUMNS, Timeline
from tests.conftest import Result
from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)

Inv = Callable[..., Result]


def call(**fields: object) -> CallSeen:
    seen = CallSeen("GET", "/zones", "/zones", 200, "", 0.0, 12.0, 1, "", 100, 0.0, False, "s", "p")
    return seen._replace(**fields)  # type: ignore[arg-type]


def tallied(*events: CallSeen | ScanSeen | WritesSeen) -> Json:
    tally = Tally()
    for event in events:
        tally(event)
    return tally.as_json()


def lines(home: Path) -> list[Json]:
    return list(Ledger(home / "state").lines())


def test_calls_are_counted_by_what_became_of_them() -> None:
    found = tallied(
        call(missed=True),
        call(status=429, waited_ms=0.0),
        call(attempt=2, waited_ms=1500.0),
        call(status=0, error="NetworkError", bytes=None),
        call(status=404),
        call(cached=True),
    )

    names = ("requests", "retries", "limited", "waits", "waited", "bytes", "cache")
    assert [found[name] for name in names] == [5, 1, 1, 1, 1.5, 400, {"hits": 1, "misses": 1}]
    # A 404 is an answer.
    assert (found["routes"]["GET /zones"]["n"], found["routes"]["GET /zones"]["failed"]) == (5, 2)


def test_changes_and_what_scans_found_add_up() -> None:
    scans = ScanSeen({"a": 3}, {"complete": 2}), ScanSeen({"b": 1}, {"complete": 1, "denied": 1})

    found = tallied(WritesSeen(3, 1), WritesSeen(2, 0), *scans)

    assert (found["changes"], found["items"]) == (5, {"a": 3, "b": 1})
    assert found["sections"] == {"complete": 3, "denied": 1}


def test_a_scan_has_a_timeline_of_its_kinds_and_routes() -> None:
    tally = Tally(started=100.0)
    span = SectionSpan("dns.record", "2", "1", 101.0, 102.5, scope="a", status="complete")
    for event in (span, replace(span, started=101.5, ended=104.0, status="denied")):
        tally(event)
    for started in (100.2, 103.9, 103.95):
        tally(call(started=started))

    timeline = tally.as_json()["timeline"]

    assert timeline["kinds"] == {"dns.record": [1.0, 4.0, 2, 1]}
    assert (timeline["step"], timeline["routes"]) == (1, {"GET /zones": [0, 1, 0, 0, 2]})
    assert "timeline" not in tallied(call())


def test_the_parts_of_time_become_longer_so_that_they_stay_few() -> None:
    timeline = Timeline()
    for second in range(0, 1600, 2):
        timeline.add_request("GET /zones", float(second))
    timeline.add_request("GET /zones", -1.0)

    written = timeline.as_json()

    first, *counts = written["routes"]["GET /zones"]
    assert (written["step"], first, len(counts), sum(counts)) == (60, 0, 27, 801)
    assert counts[:3] == [31, 30, 30]
    assert Timeline.from_json(written).as_json() == written
    timeline.add_request("GET /zones", 1e12)
    assert max(timeline.routes["GET /zones"]) == COLUMNS - 1


def test_a_timeline_keeps_what_took_longest_and_is_asked_most() -> None:
    timeline = Timeline()
    for n in range(100):
        timeline.add_section(f"kind.{n}", 0.0, float(n), whole=True)
        for _ in range(n):
            timeline.add_request(f"GET /{n}", 0.0)

    written = timeline.as_json()

    assert (len(written["kinds"]), len(written["routes"])) == (45, 12)
    assert "kind.99" in written["kinds"]
    assert "GET /99" in written["routes"]


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"kinds": [], "step": 1, "routes": {}},
        {"kinds": {"a": [1]}, "step": 1, "routes": {}},
        {"kinds": {}, "step": 2, "routes": {}},
        {"kinds": {}, "step": 1, "routes": {"GET /zones": [60, 1]}},
        {"kinds": {}, "step": 1, "routes": {"GET /zones": []}},
    ],
)
def test_a_line_with_something_else_as_timeline_is_not_read(written: Json) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        Timeline.from_json(written)


def test_an_export_leaves_a_line_with_what_it_did(inv: Inv, staged: Sandbox, home: Path) -> None:
    result = inv("scan.export", "--output", "json")

    (line,) = lines(home)
    summary = json.loads(result.out)
    assert (line["task"], line["exit_code"], line["stage"]) == ("scan.export", 0, "")
    assert (line["account"], line["requests"]) == (staged.account_id, summary["requests"])
    assert sum(line["items"].values()) == summary["items"]
    assert line["sections"]["skipped"] > 0
    assert line["items"].keys().isdisjoint({"ssl.pack", "cache.setting"})
    assert sum(route["n"] for route in line["routes"].values()) == line["requests"]
    assert all("{" in route or staged.account_id not in route for route in line["routes"])
    assert line["cpu"] > 0 < line["memory"]
    # Which kinds it keeps is a matter of time: those that took longest.
    assert "dns.record" in line["timeline"]["kinds"]
    assert sum(map(sum, line["timeline"]["routes"].values())) <= line["requests"]
    assert list((home / "state" / "runs").iterdir()) == []


def test_a_change_is_counted(inv: Inv, staged: Sandbox, home: Path) -> None:
    inv(
        "dns.create",
        "--zone",
        "example.com",
        "--type",
        "A",
        "--name",
        "new",
        "--content",
        "192.0.2.9",
        "--yes",
    )

    (line,) = lines(home)
    assert (line["exit_code"], line["changes"]) == (0, 1)


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        (("zones.info", "--zone", "nowhere.example"), 1, "NotFound"),
        (("snapshots.status",), 1, "NotFound"),
    ],
)
def test_a_run_that_fails_is_recorded_with_its_error(
    inv: Inv, staged: Sandbox, home: Path, line: tuple[str, ...], code: int, error: str
) -> None:
    assert inv(*line).code == code

    (found,) = lines(home)
    assert (found["exit_code"], found["error"]) == (code, error)


def test_the_tasks_of_a_line_are_one_run(inv: Inv, staged: Sandbox, home: Path) -> None:
    inv("zones.list", "dns.list", "--zone", "example.com", "zones.info", "--zone", "nowhere.example")

    (line,) = lines(home)
    assert (line["task"], line["exit_code"]) == ("zones.list, dns.list, zones.info", 1)


def test_like_runs_have_the_same_options_of_their_own(inv: Inv, staged: Sandbox, home: Path) -> None:
    inv("scan", "--only", "dns")
    inv("scan", "--only", "dns", "--quiet", "--output", "json")
    inv("scan", "--only", "kv")

    first, second, third = (line["like"] for line in lines(home))
    assert first == second != third


def test_a_line_that_names_no_task_leaves_nothing(inv: Inv, home: Path) -> None:
    for line in (("--list",), ("--help",), ("--help", "scan"), ("zones.lst",)):
        inv(*line)

    assert not (home / "state").exists()


def test_reading_a_snapshot_leaves_nothing(inv: Inv, staged: Sandbox, home: Path) -> None:
    inv("scan.export", "--quiet")
    inv("zones.list", "--offline")

    assert [line["task"] for line in lines(home)] == ["scan.export"]


def test_what_was_asked_to_be_called_gets_the_line(tmp_path: Path) -> None:
    from ops.cli.run import Run

    run, told = Run(), list[Json]()
    run.recording = Recording(run.record, tmp_path, run.budget_use, print)
    run.recorded.append(told.append)

    run.end()

    assert [line["run"] for line in told] == [run.id]
    assert [line["run"] for line in Ledger(tmp_path).lines()] == [run.id]


def test_a_folder_that_cannot_be_written_is_a_warning_if_anything_was_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    record = Record()
    recording = Recording(record, tmp_path / "file", lambda: None, warnings.append)
    recording.end(0)
    assert warnings == []

    record.add(call())
    recording.end(0)

    assert len(warnings) == 1
    assert warnings[0].startswith("this run is missing from the history: ")


def wait_for(found: Callable[[], object]) -> None:
    """Wait until *found*; the test's own timeout ends a wait in vain."""
    while not found():
        time.sleep(0.02)


@pytest.mark.long
def test_a_run_can_be_watched_and_when_it_is_killed_the_next_one_records_it(shell: Shell) -> None:  # noqa: F811
    state = shell.folder / "state"
    job = subprocess.Popen(
        shell.command("sandbox", "--fault", "delay seconds=20 times=-1 GET /zones/*", "scan", "--quiet"),
        env=shell.environ,
        cwd=shell.folder,
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: [one for one in running(state) if one["progress"].get("known", 0) > 20])
    watching = shell.start("metrics.watch", "--output", "jsonl", stdout=subprocess.PIPE)
    assert watching.stdout is not None
    first = json.loads(watching.stdout.readline())
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    last = [json.loads(line) for line in watching.stdout][-1]
    watching.wait()

    shell("config")

    assert (first["task"], first["outcome"], first["known"] > 20) == ("scan.run", "running", True)
    assert last["outcome"] == "lost"
    found = {line["task"]: line for line in Ledger(state).lines()}
    assert (found["scan.run"]["lost"], found["scan.run"]["exit_code"]) == (True, None)
    assert found["scan.run"]["requests"] > 0
    assert list(running(state)) == []


@pytest.mark.long
def test_a_run_that_is_terminated_is_recorded(shell: Shell) -> None:  # noqa: F811
    state = shell.folder / "state"
    job = subprocess.Popen(
        shell.command("sandbox", "--fault", "delay seconds=20 times=-1 GET /zones/*", "scan", "--quiet"),
        env=shell.environ,
        cwd=shell.folder,
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: [one for one in running(state) if one["progress"].get("known", 0) > 20])
    os.kill(job.pid, signal.SIGTERM)
    job.wait()

    (line,) = Ledger(state).lines()
    assert (line["exit_code"], line["error"], "lost" in line) == (143, "Terminated", False)


@pytest.mark.long
def test_timed_recording_a_run_takes_less_than_a_millisecond(tmp_path: Path) -> None:
    calls = [call(route=f"/zones/{{zone_id}}/x{number % 20}") for number in range(100)]
    best = 1.0
    for _ in range(30):
        began = time.process_time()
        record = Record()
        recording = Recording(record, tmp_path, lambda: None, print)
        record.begin_task("scan.export")
        recording.begin("scan.export", {"deep": True}, stage="", stages=False)
        for seen in calls:
            recording.tally(seen)
        recording.tally(ScanSeen({f"kind.{number}": number for number in range(22)}, {"complete": 104}))
        record.end_task(0)
        recording.end(0)
        best = min(best, time.process_time() - began)

    assert best < 0.001


@pytest.mark.long
def test_sixty_four_lines_at_once_are_sixty_four_runs(shell: Shell) -> None:  # noqa: F811
    jobs = [
        subprocess.Popen(
            shell.command("config"), env=shell.environ, cwd=shell.folder, stdout=subprocess.DEVNULL
        )
        for _ in range(64)
    ]

    assert {job.wait() for job in jobs} == {0}
    found = list(Ledger(shell.folder / "state").lines())
    assert len({line["run"] for line in found}) == len(found) == 64
    assert not [line for line in found if "lost" in line]
    assert list((shell.folder / "state" / "runs").iterdir()) == []
