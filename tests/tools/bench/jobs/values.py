"""The values of a namespace: 2,000 of them, a hundred with each request."""

from __future__ import annotations

import json

from ops.sandbox.seed import scale_namespace
from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows
from tests.tools.bench.stage import Run, Stage

VALUES, DELAY, WORKERS = 2000, 0.05, 16
PAGES = limits.cursors(VALUES, limits.KEYS_PAGE)
LEAST = 1 + PAGES + limits.cursors(VALUES, limits.BULK_GET)


def _ours(sandbox: Stage) -> Run:
    target = sandbox.folder / "dump.jsonl"
    target.unlink(missing_ok=True)
    line = ("kv.dump", "--namespace", "scale-0001", "--to", str(target), "--output", "json", "--quiet")
    return sandbox.inv(*line, budget=0, workers=WORKERS)


JOB = Job(
    title=f"{VALUES:,} values",
    scale={"zones": 1, "records": 1, "keys": VALUES},
    ours=_ours,
    counted=lambda run: int(json.loads(run.out.read_text())["pairs"]),
    items=VALUES,
    least=LEAST,
    limit=limits.seconds(LEAST, delay=DELAY, workers=WORKERS, steps=1 + PAGES + 1),
    peer="values",
    arguments=lambda _sandbox, _number: {"namespace": scale_namespace(1)},
    delay=DELAY,
    workers=WORKERS,
)


def measure(start: float, peers: Peers) -> Rows:
    yield job.carry_out(JOB, start, peers)
