"""A whole scan: requests against the fewest possible, wall time against latency, rate against the budget."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from ops.catalog import resources
from ops.resource import ACCOUNT
from tests.bench.stage import stage
from tests.bench.table import Row

ZONES, RECORDS, DELAY, WORKERS = 200, 100, 0.05, 16
PAGE = 50
BUDGET, WINDOW = 600, 10.0


def fewest(zones: int) -> int:
    """Count the requests that a lean scan of *zones* zones takes at the least.

    Zones come 50 a page; since no total is believed, a last page that is full is followed by an empty one.
    Every other list of this account fits one page.
    """
    lean = [resource for resource in resources() if not resource.deep]
    account = sum(1 for resource in lean if resource.scope == ACCOUNT) + zones // PAGE
    return account + zones * sum(1 for resource in lean if resource.scope == "zones.zone")


def measure() -> Iterator[Row]:
    """Scan 200 zones of 100 records at 50 ms with 16 workers, then again under a budget."""
    with stage(delay=DELAY, zones=ZONES, records=RECORDS, keys=0) as sandbox:
        run = sandbox.run("scan", workers=WORKERS, budget=0)
        requests, _, _ = sandbox.log()
    least = fewest(ZONES)
    yield Row("scan: requests", len(requests), least, 1.0, least=least)
    yield Row(
        "scan: wall seconds over requests / workers x delay", run.seconds, least / WORKERS * DELAY, 1.3, run
    )
    yield from _under_budget()


def _under_budget() -> Iterator[Row]:
    quota = (int(BUDGET * 1.2), WINDOW)
    with stage(quota=quota, zones=ZONES * 3, records=10, keys=0) as sandbox:
        run = sandbox.run("scan", workers=WORKERS, budget=BUDGET, window=WINDOW)
        _, times, refused = sandbox.log()
    yield Row("scan under a budget: answers 429", refused, 0, 1.0, run)
    yield Row("scan under a budget: share of the allowed rate", _share(times), 1.0, inf, run, least=0.95)


def _share(times: list[float]) -> float:
    """Give requests made over requests allowed, over the time in which the budget ruled.

    A budget of n in a window lets n through at once, then n more in each further window; the last,
    unfinished one tells nothing of the rate.
    """
    rounds = (len(times) - 1) // BUDGET
    ideal = rounds * WINDOW
    spent = times[rounds * BUDGET] - times[0]
    assert all(a <= b for a, b in pairwise(times))
    return ideal / spent
