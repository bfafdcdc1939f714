"""Listing: items that arrive page by page, and the truth about whether they are all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ops.errors import NetworkError, OpsError, SystemFailure
from ops.http.exchange import Reply

Json = dict[str, Any]

PAGE_CAP = 10_000


class Page(NamedTuple):
    """One answer of a list; *info* is its `result_info`, which may hold anything."""

    items: list[Json]
    info: Json
    reply: Reply

    @property
    def total(self) -> int | None:
        return number(self.info.get("total_count"))


# Asks for a page with these parameters, as old as that many seconds at most. Raises OpsError.
Ask = Callable[[Json, bool], Page]


class Tally:
    """What is known about a listing so far, shared by all that was derived from it."""

    __slots__ = ("duplicates", "passes", "problem", "total")

    def __init__(self) -> None:
        self.problem = ""
        self.duplicates = 0
        self.passes = 0
        self.total: int | None = None


class Listing(Iterator[Json]):
    """Items, read while they are iterated; the first page is asked for with the first item.

    After the last item `problem` is "" when the list is whole, else a sentence that says why it may not
    be. `duplicates` counts items that came twice (they are given once), `passes` how often the list was
    read, and `total` is what the API said, None where it said nothing.
    """

    def __init__(self, items: Iterator[Json], tally: Tally | None = None) -> None:
        self._items = items
        self._tally = tally or Tally()

    def __iter__(self) -> Listing:
        return self

    def __next__(self) -> Json:
        return next(self._items)

    @property
    def problem(self) -> str:
        return self._tally.problem

    @property
    def duplicates(self) -> int:
        return self._tally.duplicates

    @property
    def passes(self) -> int:
        return self._tally.passes

    @property
    def total(self) -> int | None:
        return self._tally.total

    def where(self, keep: Callable[[Json], bool]) -> Listing:
        """Return the items that *keep* wants, with the same honesty."""
        return Listing(filter(keep, self._items), self._tally)

    def map(self, change: Callable[[Json], Json]) -> Listing:
        """Return each item changed, with the same honesty."""
        return Listing(map(change, self._items), self._tally)


def whole(ask: Ask) -> Listing:
    """List what comes in one answer, and say so when the answer speaks of more."""
    tally = Tally()

    def items() -> Iterator[Json]:
        page = ask({}, True)
        tally.passes, tally.total = 1, page.total
        if page.total is not None and page.total != len(page.items):
            tally.problem = f"the API gave {len(page.items)} of {page.total} items and no way to ask for more"
        elif next_cursor(page):
            tally.problem = f"the API gave {len(page.items)} items and a cursor for more"
        yield from page.items
        tally.problem = tally.problem or page.reply.incomplete

    return Listing(items(), tally)


def stop_or_raise(tally: Tally, error: OpsError, where: str) -> None:
    """Note that a later page failed, for what was read is still worth having; a user's mistake is raised."""
    if isinstance(error, SystemFailure | NetworkError):
        tally.problem = f"{where} could not be read: {error.message}"
        return
    raise error


def next_cursor(page: Page) -> str:
    """Return the cursor of the next page, "" at the end; the API keeps it in one of two places."""
    cursors = page.info.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else ""
    cursor = page.info.get("cursor") or after
    return cursor if isinstance(cursor, str) else ""


def number(value: Any) -> int | None:
    """Read a count that may be a number or text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None
