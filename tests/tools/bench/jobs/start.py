"""The cold start of a listing, compared with an empty Invoke task and with the peers' first answer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.tools.bench import job
from tests.tools.bench.job import Job, Peers, Rows, lines
from tests.tools.bench.stage import INV, Run, Stage, measured, stage
from tests.tools.bench.table import Goal, Row

ROUNDS = 15
RECORDS = 100
# What a cold listing may take in addition to an empty task: our code, requests and urllib3.
OWN = 0.065
LIST = 1.15
ZONE = "zone-0001.example"
TASKS = '''
from invoke import task


@task
def nothing(c):
    """Do nothing."""
'''

JOB = Job(
    title=f"cold start of a listing of {RECORDS} records",
    scale={"zones": 1, "records": RECORDS, "keys": 0},
    ours=lambda sandbox: sandbox.inv("dns.list", "--zone", ZONE, "--output", "jsonl"),
    counted=lines,
    items=RECORDS,
    least=2,
    limit=0.0,
    peer="records",
    arguments=lambda _sandbox, _number: {"zone": ZONE},
    delay=0.0,
    rounds=5,
)


def empty(folder: Path) -> list[str]:
    """Return the command of a task that does nothing."""
    (folder / "tasks.py").write_text(TASKS)
    return [INV, "-r", str(folder), "nothing"]


def measure(start: float, peers: Peers) -> Rows:
    yield job.carry_out(JOB, start, peers)
    with stage(JOB.scale) as sandbox, tempfile.TemporaryDirectory(prefix="bench-") as name:
        nothing = empty(Path(name))
        yield _own(sandbox, nothing)
        yield _list(sandbox, nothing)


def _own(sandbox: Stage, nothing: list[str]) -> Row:
    ours, theirs = in_turns(sandbox, [INV, "dns.list", "--zone", ZONE, "--output", "jsonl"], nothing)
    own = median(ours) - median(theirs)
    goals = (Goal(f"{1000 * own:.0f} ms above an empty task, at most {1000 * OWN:.0f}", own <= OWN),)
    return Row("own work in that listing", seconds=own, goals=goals)


def _list(sandbox: Stage, nothing: list[str]) -> Row:
    ours, theirs = in_turns(sandbox, [INV, "--list"], [*nothing[:-1], "--list"])
    ratio = median(ours) / median(theirs)
    goals = (Goal(f"{ratio:.2f} x that of an empty tasks.py, at most {LIST}", ratio <= LIST),)
    return Row("inv --list", seconds=median(ours), goals=goals)


def in_turns(sandbox: Stage, *commands: Sequence[str]) -> list[list[float]]:
    """Return the seconds of each of *commands*, run in turn, so that the machine's speed affects all."""
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS + 1):
        for command, kept in zip(commands, times, strict=True):
            kept.append(_cold(sandbox, command).seconds)
    # The first turn fills the disk cache and writes the byte code.
    return [kept[1:] for kept in times]


def _cold(sandbox: Stage, command: Sequence[str]) -> Run:
    for file in (sandbox.folder / "CACHE").glob("*"):
        file.unlink()
    return measured(command, sandbox.environment(), sandbox.folder)
