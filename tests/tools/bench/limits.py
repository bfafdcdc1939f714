"""The arithmetic of a measurement: the fewest requests, and the shortest time that is possible."""

from __future__ import annotations

from math import ceil

from ops.kinds.catalog import resources
from ops.kinds.resource import ACCOUNT
from ops.products.r2 import JURISDICTIONS

ZONES_PAGE, RECORDS_PAGE, KEYS_PAGE = 50, 5000, 1000
BULK_GET, BULK_PUT = 100, 10_000


def pages(items: int, size: int) -> int:
    """Count the pages of a list by page number: no total is trusted, so one page follows a full last page.

    An empty list has one page.
    """
    return items // size + 1


def cursors(items: int, size: int) -> int:
    """Count the pages of a list by cursor, whose last page says that it is the last."""
    return max(1, ceil(items / size))


def scan(zones: int, records: int) -> int:
    """Count the requests of a lean scan of *zones* zones and nothing else: every other list fits one page."""
    lean = [resource for resource in resources() if not (resource.deep or resource.by_name)]
    # The buckets of R2 are listed once for each jurisdiction, and the zones of Internal DNS on their own.
    lists = sum(1 for resource in lean if resource.parent == ACCOUNT) + len(JURISDICTIONS) - 1 + 1
    account = lists - 1 + pages(zones, ZONES_PAGE)
    each = sum(1 for resource in lean if resource.parent == "zones.zone") - 1 + pages(records, RECORDS_PAGE)
    return account + zones * each


def seconds(requests: int, *, delay: float, workers: int = 1, steps: int = 1) -> float:
    """Return the shortest time that *requests* of *delay* seconds take, with *workers* at once.

    *steps* of them can only be sent one after the other, because each needs the answer before it.
    """
    return delay * max(steps, ceil(requests / workers))


def share(times: list[float], *, budget: int, window: float) -> float:
    """Return the requests sent as a share of those allowed, for the time that the budget limited.

    A budget of n in a window allows n requests at once, then n more in each further window; the last,
    incomplete window is left out.
    """
    ordered = sorted(times)
    rounds = (len(ordered) - 1) // budget
    if not rounds:
        raise ValueError(f"{len(ordered)} requests are fewer than a budget of {budget} lets through at once")
    return rounds * window / (ordered[rounds * budget] - ordered[0])
