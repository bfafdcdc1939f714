"""50,000 pairs written to an empty namespace, 10,000 with each request, and read back.

The SDK has no such command; its drivers write and read back with the same number of requests.
"""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import count
from pathlib import Path

from ops.sandbox.seed import scale_namespace
from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows
from tests.tools.bench.peers import PEERS
from tests.tools.bench.stage import Run, Stage

PAIRS, DELAY, WORKERS = 50_000, 0.05, 16
ROUNDS = 3
WRITES = limits.cursors(PAIRS, limits.BULK_PUT)
READS = limits.cursors(PAIRS, limits.BULK_GET)
# The namespace's id, its current keys, and then everything that is written and read.
LEAST = 2 + WRITES + READS


def dump(file: Path, pairs: int) -> Path:
    """Write *pairs* in the format of kv.dump."""
    digest = sha256()
    with file.open("wb") as out:
        for number in range(pairs):
            line = b'{"key":"pair-%08d","value":"value number %d"}\n' % (number, number)
            digest.update(line)
            out.write(line)
        last = {"dump": "kv/1", "account": "", "namespace": {"id": "", "title": ""}, "pairs": pairs}
        out.write(
            json.dumps({**last, "gone": [], "unread": [], "sha256": digest.hexdigest()}).encode() + b"\n"
        )
    return file


def _job() -> Job:
    fresh = count(1)

    def ours(sandbox: Stage) -> Run:
        file = dump(sandbox.folder / "pairs.jsonl", PAIRS)
        line = ("kv.load", "--namespace", f"scale-{next(fresh):04}", "--file", str(file), "--output", "json")
        return sandbox.inv(*line, "--quiet", budget=0, workers=WORKERS)

    return Job(
        title=f"{PAIRS:,} pairs written and read back",
        scale={"zones": 1, "records": 1, "keys": ROUNDS + len(PEERS), "namespaces": ROUNDS + len(PEERS)},
        ours=ours,
        counted=_right,
        items=PAIRS,
        least=LEAST,
        limit=limits.seconds(LEAST, delay=DELAY, workers=WORKERS, steps=4),
        peer="load",
        arguments=lambda sandbox, number: {
            "namespace": scale_namespace(ROUNDS - 1 + number),
            "file": str(sandbox.folder / "pairs.jsonl"),
        },
        delay=DELAY,
        workers=WORKERS,
        rounds=ROUNDS,
        refusals={"cli4": "not possible: it has no bulk get"},
    )


def _right(run: Run) -> int:
    report = json.loads(run.out.read_text())
    return int(report["new"] + report["overwritten"] + report["equal"] - report["differ"])


def measure(start: float, peers: Peers) -> Rows:
    yield job.carry_out(_job(), start, peers)
