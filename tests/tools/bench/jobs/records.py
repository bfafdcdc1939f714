"""The records of one zone, 5,000 and 50,000 of them: one page and many, in the same memory."""

from __future__ import annotations

from tests.tools.bench import job, limits
from tests.tools.bench.job import Job, Peers, Rows, lines
from tests.tools.bench.table import Goal, Row

SIZES = (5_000, 50_000)
DELAY = 0.05
ZONE = "zone-0001.example"
# MiB that ten times as many records may take in addition.
GROWTH = 10.0


def _job(records: int) -> Job:
    pages = limits.pages(records, limits.RECORDS_PAGE)
    return Job(
        title=f"{records:,} records of one zone",
        scale={"zones": 1, "records": records, "keys": 0},
        ours=lambda sandbox: sandbox.inv(
            "dns.list", "--zone", ZONE, "--output", "jsonl", "--quiet", budget=0, workers=16
        ),
        counted=lines,
        items=records,
        least=1 + pages,
        # The zone's id comes first, and each page is requested when the previous one was full.
        limit=limits.seconds(1 + pages, delay=DELAY, steps=1 + pages),
        peer="records",
        arguments=lambda _sandbox, _number: {"zone": ZONE},
        delay=DELAY,
    )


def measure(start: float, peers: Peers) -> Rows:
    rows = []
    for records in SIZES:
        rows.append(job.carry_out(_job(records), start, peers))
        yield rows[-1]
    yield growth(f"memory of {SIZES[0]:,} and of {SIZES[1]:,} records", *rows, most=GROWTH)


def growth(title: str, small: Row, large: Row, *, most: float) -> Row:
    """Return the row that compares the memory of *large* with that of *small*."""
    more = (large.memory or 0) - (small.memory or 0)
    return Row(title, memory=more, goals=(Goal(f"{more:+.1f} MiB, at most {most:.0f}", more <= most),))
