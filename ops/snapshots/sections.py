"""Section: what was read of one kind in one owner, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass

COMPLETE = "complete"  # all of it was read
GONE = "gone"  # the owner was deleted while the scan ran
SKIPPED = "skipped"  # nobody asked for it, or the scan was stopped before it came to this
INCONSISTENT = "inconsistent"  # read to the end, but what came does not add up
DENIED = "denied"  # the token may not read it
UNAVAILABLE = "unavailable"  # the account or zone does not have this product
FAILED = "failed"  # the reading broke off; what came before is kept

# From the best to the worst: how several sections are told in one word.
STATUSES = (COMPLETE, GONE, SKIPPED, INCONSISTENT, DENIED, UNAVAILABLE, FAILED)

# With these the inventory as a whole still holds all that was asked for.
WHOLE = frozenset({COMPLETE, GONE, SKIPPED})


@dataclass(frozen=True, order=True, slots=True)
class Section:
    """One row of the manifest. Only *complete* proves that what is not in it does not exist.

    *scope* is the owner's id; it is empty where a kind as a whole was skipped.
    """

    kind: str
    scope: str
    status: str
    count: int = 0
    reason: str = ""


def worst(statuses: set[str]) -> str:
    """Return the one of *statuses* that says most about what is missing."""
    return max(statuses, key=STATUSES.index)
