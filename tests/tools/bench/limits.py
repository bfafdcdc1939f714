"""The arithmetic of a measurement: the fewest requests, and the time below which no client gets."""

from __future__ import annotations

from math import ceil

from ops.kinds.catalog import resources
from ops.kinds.resource import ACCOUNT

ZONES_PAGE, RECORDS_PAGE, KEYS_PAGE = 50, 5000, 1000
BULK_GET, BULK_PUT = 100, 10_000


def pages(items: int, size: int) -> int:
    """Count the pages of a list by page number: no total is believed, so a full last page is followed by one.

    An empty list is a page as well.
    """
    return items // size + 1


def cursors(items: int, size: int) -> int:
    """Count the pages of a list by cursor, whose last page says that it is the last."""
    return max(1, ceil(items / size))


def scan(zones: int, records: int) -> int:
    """Count the requests of a lean scan of *zones* zones and nothing else: every other list fits one page."""
    lean = [resource for resource in resources() if not resource.deep]
    account = sum(1 for resource in lean if resource.parent == ACCOUNT) - 1 + pages(zones, ZONES_PAGE)
    each = sum(1 for resource in lean if resource.parent == "zones.zone") - 1 + pages(records, RECORDS_PAGE)
    return account + zones * each


def seconds(requests: int, *, delay: float, workers: int = 1, steps: int = 1) -> float:
    """Give the time that *requests* of *delay* seconds take at the least, *workers* at once.

    *steps* of them can only be made one after the other, each knowing what the one before it said.
    """
    return delay * max(steps, ceil(requests / workers))


def share(times: list[float], *, budget: int, window: float) -> float:
    """Give requests made over requests allowed, over the time in which the budget ruled.

    A budget of n in a window lets n through at once, then n more in each further window; the last,
    unfinished one tells nothing of the rate.
    """
    ordered = sorted(times)
    rounds = (len(ordered) - 1) // budget
    if not rounds:
        raise ValueError(f"{len(ordered)} requests are fewer than a budget of {budget} lets through at once")
    return rounds * window / (ordered[rounds * budget] - ordered[0])
