"""The DNS of a whole account: 200 zones of 100 records."""

from __future__ import annotations

import json

from ops.sandbox.store import zone_id
from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows
from tests.tools.bench.stage import Run

ZONES, RECORDS, DELAY, WORKERS = 200, 100, 0.05, 16
PAGES = limits.pages(ZONES, limits.ZONES_PAGE)
LEAST = PAGES + ZONES * limits.pages(RECORDS, limits.RECORDS_PAGE)


def records(run: Run) -> int:
    """Return the number of records that a scan has found."""
    rows = json.loads(run.out.read_text() or "[]")
    return sum(row["items"] for row in rows if row["kind"] == "dns.record")


JOB = Job(
    title=f"DNS of {ZONES} zones x {RECORDS} records",
    scale={"zones": ZONES, "records": RECORDS, "keys": 0},
    ours=lambda sandbox: sandbox.inv(
        "scan", "--only", "dns.record", "--output", "json", "--quiet", budget=0, workers=WORKERS
    ),
    counted=records,
    items=ZONES * RECORDS,
    least=LEAST,
    # No record can be requested before the first page of zones has arrived.
    limit=DELAY + limits.seconds(LEAST - 1, delay=DELAY, workers=WORKERS, steps=PAGES),
    peer="zones",
    arguments=lambda _sandbox, _number: {},
    delay=DELAY,
    workers=WORKERS,
    latency=f"/zones/{zone_id('zone-0001.example')}/dns_records?order=name&page=1&per_page=5000",
)


def measure(start: float, peers: Peers) -> Rows:
    yield job.carry_out(JOB, start, peers)
