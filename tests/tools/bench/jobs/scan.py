"""A scan of a whole account of 1,000 zones."""

from __future__ import annotations

from ops.sandbox.store import zone_id
from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows
from tests.tools.bench.jobs.zones import records

ZONES, RECORDS, DELAY, WORKERS = 1000, 10, 0.05, 16
LEAST = limits.scan(ZONES, RECORDS)

JOB = Job(
    title=f"scan of {ZONES:,} zones",
    scale={"zones": ZONES, "records": RECORDS, "keys": 0},
    ours=lambda sandbox: sandbox.inv("scan", "--output", "json", "--quiet", budget=0, workers=WORKERS),
    counted=records,
    items=ZONES * RECORDS,
    least=LEAST,
    limit=limits.seconds(LEAST, delay=DELAY, workers=WORKERS),
    peer="scan",
    arguments=lambda _sandbox, _number: {},
    delay=DELAY,
    workers=WORKERS,
    rounds=1,
    latency=f"/zones/{zone_id('zone-0001.example')}/dns_records?order=name&page=1&per_page=5000",
)


def measure(start: float, peers: Peers) -> Rows:
    yield job.carry_out(JOB, start, peers)
