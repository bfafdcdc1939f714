"""The comparison of two snapshots of 100,000 records, which sends no request."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median

from tests.tools.bench.job import Peers, Rows, lines
from tests.tools.bench.stage import Stage, stage
from tests.tools.bench.table import Goal, Row

ZONES, RECORDS, LOST = 20, 5000, 10
ROUNDS = 3
# Multiples of the time that Python's own parser takes for both files.
MOST = 1.15


def measure(start: float, peers: Peers) -> Rows:
    with stage({"zones": ZONES, "records": RECORDS, "keys": 0}) as before:
        _export(before)
        with stage({"zones": ZONES, "records": RECORDS - LOST, "keys": 0}) as after:
            after.folder = before.folder
            _export(after)
        line = ("snapshots.diff", "previous", "latest", "--only", "dns", "--output", "jsonl", "--quiet")
        runs = [before.inv(*line) for _ in range(ROUNDS)]
        found = lines(runs[-1])
        parsing = _parsing(before.folder / "exports")
    seconds, limit = median(run.seconds for run in runs), start + parsing
    yield Row(
        f"diff of two snapshots of {ZONES * RECORDS:,} records; the limit is parsing both",
        seconds=seconds,
        memory=max(run.memory for run in runs),
        limit=limit,
        goals=(
            Goal("all there", found == ZONES * LOST and not any(run.code for run in runs)),
            Goal(f"{MOST} x limit", seconds <= MOST * limit),
        ),
        peers={peer.name: "not possible: it keeps no snapshots" for peer in peers},
    )


def _export(sandbox: Stage) -> None:
    run = sandbox.inv("scan.export", "--only", "dns", "--quiet", budget=0, workers=16)
    if run.code:
        raise RuntimeError(run.errors)


def _parsing(exports: Path) -> float:
    """Return the seconds that parsing the records of both snapshots takes, line by line."""
    folders = {file.resolve() for file in exports.glob("*/*/dns.record.jsonl")}
    began = time.perf_counter()
    for file in folders:
        with file.open("rb") as records:
            for record in records:
                json.loads(record)
    return time.perf_counter() - began
