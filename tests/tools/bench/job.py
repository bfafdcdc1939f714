"""A job: what our program and the peers have to do, and the result."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.tools.bench.peers import Peer
from tests.tools.bench.stage import Run, Stage, Traffic, measured, stage
from tests.tools.bench.table import Goal, Row

Rows = Iterator[Row]
Peers = tuple[Peer, ...]

CANNOT = 3
# A peer may take this multiple of our time, within these bounds.
PATIENCE, SHORTEST, LONGEST = 8, 15.0, 60.0
# A run that takes longer than these seconds is not repeated: it varies little.
LONG = 8.0
# For jobs whose time is mostly latency.
RATIO = 1.15


class Job(NamedTuple):
    """*ours* runs our command in a stage; *counted* returns how many of the *items* it got.

    *least* is the smallest possible number of requests, *limit* the smallest possible time of their delays in
    seconds. *peer* is the drivers' name of the job, *arguments* their arguments for the stage and the number
    of the peer. If the time is mostly latency, the ratio is a goal, and *latency* is the path of one of the
    answers: the time that a bare client waits for it is the real length of a delay.
    """

    title: str
    scale: dict[str, int]
    ours: Callable[[Stage], Run]
    counted: Callable[[Run], int]
    items: int
    least: int
    limit: float
    peer: str
    arguments: Callable[[Stage, int], dict[str, Any]]
    delay: float = 0.05
    workers: int = 16
    rounds: int = 5
    latency: str = ""
    refusals: dict[str, str] = {}  # noqa: RUF012 (never changed)

    @property
    def at_once(self) -> int:
        """Return the number of concurrent requests: one if each waits for the one before it."""
        return 1 if self.limit >= self.delay * self.least else self.workers


def lines(run: Run) -> int:
    """Count the lines that were printed."""
    with run.out.open("rb") as printed:
        return sum(1 for _ in printed)


def carry_out(job: Job, start: float, peers: Peers) -> Row:
    """Run *job* in rounds, our program and each peer in turn; *start* is the time of an empty task."""
    with stage(job.scale, delay=job.delay) as sandbox:
        if job.latency:
            job = job._replace(limit=job.limit * max(1.0, sandbox.bare(job.latency, job.at_once) / job.delay))
        ours, counts, traffic = _rounds(job, sandbox)
        theirs = {
            peer.name: _peer(job, sandbox, peer, number, median(run.seconds for run in ours))
            for number, peer in enumerate(peers, 2)
        }
    return _row(job, ours, counts, traffic, theirs, start)


def _rounds(job: Job, sandbox: Stage) -> tuple[list[Run], list[int], Traffic]:
    runs, counts = [], []
    for _ in range(job.rounds):
        sandbox.traffic()
        run = job.ours(sandbox)
        traffic = sandbox.traffic()
        runs.append(run if run.requests is not None else run._replace(requests=len(traffic.requests)))
        counts.append(job.counted(run))
    return runs, counts, traffic


class Done(NamedTuple):
    """The result of a peer: its seconds, None if it failed, and the cell of the table."""

    seconds: float | None
    cell: str = ""


def _peer(job: Job, sandbox: Stage, peer: Peer, number: int, ours: float) -> Done:
    if peer.name in job.refusals:
        return Done(None, job.refusals[peer.name])
    patience = min(max(PATIENCE * ours, SHORTEST), LONGEST)
    arguments = json.dumps(job.arguments(sandbox, number))
    command = [*peer.command(job.peer), arguments]
    seconds = []
    for _ in range(job.rounds):
        run = measured(command, environment(job, sandbox), sandbox.folder, patience=patience)
        if run.late:
            return Done(patience, f"stopped after {patience:.0f} s")
        if run.code == CANNOT:
            return Done(None, f"not possible: {run.out.read_text().strip()}")
        if run.code or _last_number(run.out) != job.items:
            return Done(None, f"failed: {_last_line(run)}")
        seconds.append(run.seconds)
        if run.seconds > LONG:
            break
    return Done(median(seconds))


def environment(job: Job, sandbox: Stage) -> dict[str, str]:
    """Return the environment of a driver."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(sandbox.folder),
        "BENCH_URL": sandbox.url,
        "BENCH_TOKEN": sandbox.token,
        "BENCH_ACCOUNT": sandbox.account_id,
        "BENCH_WORKERS": str(job.workers),
    }


def _last_number(out: Path) -> int:
    words = out.read_text().split()
    return int(words[-1]) if words and words[-1].isdigit() else -1


def _last_line(run: Run) -> str:
    if not run.code:
        return f"it found {_last_number(run.out):,} items"
    return (run.errors.strip().splitlines() or [f"exit code {run.code}"])[-1][:80].replace("|", "/")


def _row(
    job: Job, ours: list[Run], counts: list[int], traffic: Traffic, theirs: dict[str, Done], start: float
) -> Row:
    seconds = median(run.seconds for run in ours)
    requests = ours[-1].requests
    limit = start + job.limit
    goals = [Goal("all there", all(c == job.items for c in counts) and not any(r.code for r in ours))]
    goals.append(Goal("fewest requests", requests == job.least))
    if job.latency:
        goals.append(Goal(f"{RATIO} x limit", seconds <= RATIO * limit))
    known = [done.seconds for done in theirs.values() if done.seconds is not None]
    if known:
        goals.append(Goal("ahead", seconds < min(known)))
    return Row(
        job.title,
        seconds=seconds,
        requests=requests,
        least=job.least,
        megabytes=traffic.bytes / 1e6,
        memory=max(run.memory for run in ours),
        limit=limit,
        goals=tuple(goals),
        peers={name: _cell(done, seconds) for name, done in theirs.items()},
    )


def _cell(done: Done, ours: float) -> str:
    if done.seconds is None:
        return done.cell
    return done.cell or f"{done.seconds:.2f} ({done.seconds / ours:.1f} x)"
