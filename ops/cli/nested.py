"""A run within a run: the rest of the line on another account or profile, recorded by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.cli.outside import report_problem
from ops.cli.run import RUN

if TYPE_CHECKING:
    from invoke.tasks import Call

    from ops.items import Json


class Ended(NamedTuple):
    """How a run ended: its id, its exit code, its *seconds* and *requests*, None if it sent none."""

    run: str
    exit_code: int
    seconds: float
    requests: int | None


def run_again(calls: Sequence[Call], staged: dict[str, Any]) -> Ended:
    """Run *calls* with the *staged* settings as a run of its own, below the current one; return how it ended.

    Each run has its own clients, journal entries, line of the ledger and notices, and a failure ends only it.
    KeyboardInterrupt and Terminated are raised.
    """
    outer = dict(vars(RUN))
    lines: list[Json] = []
    began, failure = time.monotonic(), None
    RUN.begin(
        project=RUN.project,
        dry=RUN.dry,
        debug=RUN.debug,
        collection=RUN.collection,
        parent=RUN.record.for_children,
    )
    try:
        RUN.context = outer["context"]
        RUN.staged, RUN.typed, RUN.invoke = {**outer["staged"], **staged}, outer["typed"], outer["invoke"]
        RUN.recorded.append(lines.append)
        try:
            for call in RUN.follow(calls):
                call.task(outer["context"], *call.args, **call.kwargs)
        except Exception as problem:  # noqa: BLE001 (a task of the user's may raise anything)
            failure = problem
            report_problem(problem)
        finally:
            RUN.end(failure)
        sent = lines[0]["requests"] if lines else None
        return Ended(RUN.id, RUN.exit_code, time.monotonic() - began, sent)
    finally:
        stopped, terminated = RUN.stop.is_set(), RUN.terminated
        vars(RUN).clear()
        vars(RUN).update(outer)
        RUN.terminated = RUN.terminated or terminated
        if stopped:
            RUN.stop.set()
