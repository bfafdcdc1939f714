"""A run under way, as its state file shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ops.errors import NotFound, UsageError
from ops.items import Json
from ops.metrics.history import LOST, outcome
from ops.snapshots.manifest import SKIPPED
from ops.telemetry.ledger import Ledger, running

EVERY = 1.0
"""Seconds between two looks at the state file."""

RUNNING = "running"
ENDED = 3
"""How many runs that have ended are remembered."""
QUIET = 15
"""The looks after which the same state is yielded again, so that a reader who is gone is noticed."""


def choose(folder: Path, run: str, own: str) -> Json:
    """Return the state of the run that *run* names, by default of the only one besides *own*.

    Raises NotFound if there is none, UsageError if there are several.
    """
    found = [state for state in running(folder) if state["run"] != own]
    chosen = [state for state in found if not run or state["run"].startswith(run)]
    if not chosen:
        what = f"no run {run} is under way" if run else "no run is under way"
        raise NotFound(what, hint="`inv metrics` shows the runs that have ended")
    if len(chosen) > 1:
        known = ", ".join(f"{state['run']} ({state['task']})" for state in chosen)
        raise UsageError(f"{len(chosen)} runs are under way: {known}", hint=f"--run {chosen[0]['run']}")
    return chosen[0]


def follow(
    folder: Path,
    first: Json,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.time,
) -> Iterator[Json]:
    """Yield the run of *first*, and again each time that it has changed, until it ends or *wait* is True.

    The last row says how it ended.
    """
    state, shown = first, None
    while True:
        row = _row(state, clock())
        if shown is None or {**row, "seconds": 0} != {**shown, "seconds": 0}:
            shown = row
            yield row
        if wait(EVERY):
            return
        now = next((one for one in running(folder) if one["run"] == first["run"]), None)
        if now is None:
            yield _ended(folder, state)
            return
        state = now


def states(
    folder: Path, own: str, wait: Callable[[float], bool], clock: Callable[[], float] = time.time
) -> Iterator[Json]:
    """Yield the `runs` under way besides *own*, and those that `ended` meanwhile, until *wait* is True.

    A state is yielded when it has changed, and now and then. Runs that have not asked for anything are left
    out: they wait themselves.
    """
    seen: dict[str, Json] = {}
    ended: list[Json] = []
    shown, quiet = None, 0
    while True:
        found = (state for state in running(folder) if state["run"] != own and state["requests"])
        now = {state["run"]: state for state in found}
        ended = [*(_ended(folder, seen[run]) for run in seen if run not in now), *ended][:ENDED]
        seen, state = now, {"runs": [_row(one, clock()) for one in now.values()], "ended": ended}
        quiet += 1
        if state != shown or quiet >= QUIET:
            shown, quiet = state, 0
            yield state
        if wait(EVERY):
            return


def _row(state: Json, now: float) -> Json:
    progress, budget = state.get("progress") or {}, state.get("budget")
    return {
        "run": state["run"],
        "task": state["task"],
        "outcome": RUNNING,
        "seconds": round(max(0.0, now - state["started"])),
        "sections": progress.get("sections"),
        "known": progress.get("known"),
        "items": progress.get("items"),
        "requests": state["requests"],
        "retries": state["retries"],
        "waits": state["waits"],
        "budget_left": budget["limit"] - budget["used"] if budget else None,
        "left": progress.get("left"),
    }


def _ended(folder: Path, state: Json) -> Json:
    """Return the row of a run that has ended: from its line, or if it left none, how far it had come."""
    lines = Ledger(folder).lines(state["started"])
    line = next((line for line in lines if line["run"] == state["run"]), {**state, "lost": True})
    row = _row({**state, **line}, line["started"] + line["seconds"])
    if (how := outcome(line)) == LOST:
        return {**row, "outcome": how, "left": None}
    read = sum(count for status, count in line["sections"].items() if status != SKIPPED) or None
    items = sum(line["items"].values())
    return {**row, "outcome": how, "sections": read, "known": read, "items": items, "left": 0}
