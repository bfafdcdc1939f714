"""The restore of all 5,000 records of a zone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows
from tests.tools.bench.stage import INV, ROOT, Run, Stage
from tests.tools.bench.table import Row

RECORDS, DELAY, WORKERS = 5000, 0.05, 16
BATCH = 3500
ZONE = "zone-0001.example"
WRITES = limits.cursors(RECORDS, BATCH)
# The zone, its records before (an empty page), the batches, and its records after: those are newer than the
# first page of their list, which could have changed while it was read, so it is read twice.
LEAST = 2 + WRITES + 2 * limits.pages(RECORDS, limits.RECORDS_PAGE)
TITLE = f"restore of a zone of {RECORDS:,} records"


class Loss:
    """Keeps the records of a zone and deletes them before each run."""

    def __init__(self) -> None:
        self._kept: list[dict[str, Any]] = []
        self.left = -1

    def ours(self, sandbox: Stage) -> Run:
        sandbox.inv("scan.export", "--only", "dns.record", "--quiet", budget=0, workers=WORKERS)
        self.strike(sandbox)
        sandbox.traffic()
        line = ("snapshots.restore", "--name", "latest", "--zone", ZONE, "--yes", "--force", "--quiet")
        run = sandbox.inv(*line, budget=0, workers=WORKERS)
        traffic = len(sandbox.traffic().requests)
        self.left = len(self._listed(sandbox))
        return run._replace(requests=traffic)

    def strike(self, sandbox: Stage) -> Path:
        """Delete all records; return a file with which a peer can create them again."""
        listed = self._listed(sandbox)
        file = sandbox.folder / "records.jsonl"
        wanted = ({name: one[name] for name in WRITTEN if name in one} for one in listed)
        file.write_text("".join(json.dumps(record) + "\n" for record in wanted))
        for at in range(0, len(listed), BATCH):
            ids = [{"id": record["id"]} for record in listed[at : at + BATCH]]
            self._ask(sandbox, "POST", "/dns_records/batch", json={"deletes": ids})
        return file

    def _listed(self, sandbox: Stage) -> list[dict[str, Any]]:
        return list(self._ask(sandbox, "GET", "/dns_records", params={"per_page": RECORDS + 1}))

    def _ask(self, sandbox: Stage, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        zones = requests.get(f"{sandbox.url}/zones", params={"name": ZONE}, headers=headers, timeout=30)
        where = f"{sandbox.url}/zones/{zones.json()['result'][0]['id']}{path}"
        answer = requests.request(method, where, headers=headers, timeout=60, **options)
        answer.raise_for_status()
        return answer.json()["result"]


WRITTEN = ("type", "name", "content", "ttl", "proxied", "priority")


def measure(start: float, peers: Peers) -> Rows:
    if "snapshots.restore" not in _tasks():
        yield Row(f"{TITLE}: skipped: the task snapshots.restore does not exist")
        return
    yield job.carry_out(_job(), start, peers)


def _tasks() -> str:
    return subprocess.run([INV, "--list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _job() -> Job:
    loss = Loss()
    return Job(
        title=TITLE,
        scale={"zones": 1, "records": RECORDS, "keys": 0},
        ours=loss.ours,
        counted=lambda _run: loss.left,
        items=RECORDS,
        least=LEAST,
        limit=limits.seconds(LEAST, delay=DELAY, workers=WORKERS, steps=LEAST),
        peer="restore",
        arguments=lambda sandbox, _number: {"zone": ZONE, "file": str(loss.strike(sandbox))},
        delay=DELAY,
        workers=WORKERS,
        rounds=1,
        refusals={
            "cli4": "not possible: it has no batch",
            "octoDNS": "not possible: it reads only its own files",
        },
    )
