"""Watching a run under way: a row for each change, and the end."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import NotFound, UsageError
from ops.items import Json
from ops.metrics import watching
from ops.metrics.watching import QUIET, choose, follow, states
from ops.telemetry.ledger import Ledger, StateFile
from tests.conftest import Result
from tests.metrics.lines import NOW, line
from tests.ui.paper import Terminal

Inv = Callable[..., Result]


def state(run: str = "a", **more: object) -> Json:
    return {"format": 1, **line(run), "exit_code": None, **more}


def steps(*actions: Callable[[], None]) -> Callable[[float], bool]:
    """Return a wait that does one of *actions* each time, and asks to stop after the last."""
    left = iter(actions)

    def wait(_seconds: float) -> bool:
        action = next(left, None)
        if action:
            action()
        return action is None

    return wait


def test_a_run_is_followed_until_it_ends(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "a")
    file.write(state(requests=1, progress={"sections": 1, "known": 9, "items": 5, "left": 60.0}))
    later = state(requests=7, progress={"sections": 8, "known": 9, "items": 80, "left": 2.0})

    def end() -> None:
        Ledger(tmp_path).append(line("a", requests=9, exit_code=4), NOW)
        file.close()

    wait = steps(lambda: None, lambda: file.write(later), end)
    rows = list(follow(tmp_path, choose(tmp_path, "", "own"), wait, clock=lambda: NOW))

    assert [(row["outcome"], row["requests"], row["sections"], row["left"]) for row in rows] == [
        ("running", 1, 1, 60.0),
        ("running", 7, 8, 2.0),
        ("partial", 9, 3, 0),
    ]


def test_the_end_of_a_run_that_was_killed_is_that_it_is_lost(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "a")
    file.write(state(requests=3, progress={"sections": 2, "known": 9, "items": 5, "left": 60.0}))

    rows = list(follow(tmp_path, choose(tmp_path, "", ""), steps(file.close), clock=lambda: NOW))

    assert [(row["outcome"], row["sections"], row["left"]) for row in rows] == [
        ("running", 2, 60.0),
        ("lost", 2, None),
    ]


def test_watching_ends_when_it_is_asked_to_stop(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "a")
    file.write(state())

    assert len(list(follow(tmp_path, choose(tmp_path, "", ""), steps(), clock=lambda: NOW))) == 1
    file.close()


def test_the_budget_that_is_left_is_shown(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "a")
    file.write(state(budget={"limit": 1200, "window": 300, "used": 1000}))

    (row,) = follow(tmp_path, choose(tmp_path, "", ""), steps(), clock=lambda: NOW)

    assert row["budget_left"] == 200
    file.close()


def test_a_run_does_not_watch_itself(tmp_path: Path) -> None:
    file = StateFile(tmp_path, "own")
    file.write(state("own"))

    with pytest.raises(NotFound, match="no run is under way"):
        choose(tmp_path, "", "own")
    file.close()


def test_one_of_several_runs_is_named(tmp_path: Path) -> None:
    files = [StateFile(tmp_path, run) for run in ("a1", "b2")]
    for file, run in zip(files, ("a1", "b2"), strict=True):
        file.write(state(run))

    with pytest.raises(UsageError, match=r"2 runs are under way: a1 \(scan.export\), b2 \(scan.export\)"):
        choose(tmp_path, "", "")
    assert choose(tmp_path, "b", "")["run"] == "b2"
    with pytest.raises(NotFound, match="no run c"):
        choose(tmp_path, "c", "")
    for file in files:
        file.close()


def test_the_states_are_all_runs_that_work_and_those_that_ended_meanwhile(tmp_path: Path) -> None:
    file, waiting, other = (StateFile(tmp_path, run) for run in ("a", "waits", "own"))
    waiting.write(state("waits", requests=0))
    other.write(state("own", requests=5))
    file.write(state(requests=1, progress={"sections": 1, "known": 9, "items": 5, "left": 60.0}))
    later = state(requests=7, progress={"sections": 8, "known": 9, "items": 80, "left": 2.0})

    def end() -> None:
        Ledger(tmp_path).append(line("a", requests=9, exit_code=4), NOW)
        file.close()

    wait = steps(lambda: None, lambda: file.write(later), end)
    found = list(states(tmp_path, "own", wait, clock=lambda: NOW))

    waiting.close()
    other.close()
    assert [[run["sections"] for run in one["runs"]] for one in found] == [[1], [8], []]
    assert [[run["outcome"] for run in one["ended"]] for one in found] == [[], [], ["partial"]]


def test_a_state_that_does_not_change_is_yielded_now_and_then(tmp_path: Path) -> None:
    found = list(states(tmp_path, "own", steps(*[lambda: None] * 2 * QUIET), clock=lambda: NOW))

    assert found == [{"runs": [], "ended": []}] * 3


@pytest.fixture
def under_way(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that is under way until it is looked at a second time."""
    run = {"progress": {"sections": 1, "known": 4, "items": 5, "left": 60.0}, "requests": 7}
    file = StateFile(home / "state", "a")
    file.write(state(**run, budget={"limit": 1200, "window": 300, "used": 1000}))
    wait = threading.Event.wait
    second = 0.0625

    def waited(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout != second:
            return wait(event, timeout)
        file.close()
        return False

    monkeypatch.setattr(watching, "EVERY", second)
    monkeypatch.setattr(threading.Event, "wait", waited)
    return home


def test_a_run_is_watched_in_a_pipe_with_a_line_for_each_change(under_way: Path, inv: Inv) -> None:
    result = inv("metrics.watch", "--output", "jsonl")

    assert result.code == 0, result.err
    assert [json.loads(row)["outcome"] for row in result.out.splitlines()] == ["running", "lost"]


def test_a_run_is_watched_on_a_terminal_in_one_line(
    under_way: Path, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stdout", terminal)

    result = inv("metrics.watch")

    assert result.code == 0, result.err
    assert terminal.seen.startswith("\r\x1b[Kscan.export running, ")
    assert "1 of 4 sections, 5 items, 7 requests, 200 left in the budget" in terminal.seen
    assert terminal.seen.count("\r") == 2
    assert terminal.seen.endswith("\n")
