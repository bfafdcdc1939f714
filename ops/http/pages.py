"""Listing: items that arrive page by page, and whether they are complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from ops.errors import MalformedAnswer, NetworkError, OpsError, SystemFailure
from ops.http.exchange import Reply
from ops.items import Json

PAGE_CAP = 10_000


class Page(NamedTuple):
    """One response of a list; *info* is its `result_info`, which may hold anything."""

    items: list[Json]
    info: Json
    reply: Reply

    @property
    def total(self) -> int | None:
        return number(self.info.get("total_count"))


# Requests a page with these parameters; True allows a cached response. Raises OpsError.
Ask = Callable[[Json, bool], Page]


class Tally:
    """What is known about a listing so far, shared by all listings derived from it."""

    __slots__ = ("duplicates", "passes", "problem", "total")

    def __init__(self) -> None:
        self.problem = ""
        self.duplicates = 0
        self.passes = 0
        self.total: int | None = None


class Listing(Iterator[Json]):
    """Items, read while they are iterated; the first page is requested with the first item.

    After the last item `problem` is "" if the list is complete, else a sentence that says why it may not be.
    `duplicates` counts items that came twice (they are yielded once), `passes` how often the list was read,
    and `total` is the API's figure, None if it gave none.
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

    def of(self, items: Iterable[Json]) -> Listing:
        """Return *items*, which were read from this listing, with the same `problem`."""
        return Listing(iter(items), self._tally)

    def doubt(self, problem: str) -> None:
        """Note that the items may be incomplete because of *problem*, unless one is known already."""
        self._tally.problem = self._tally.problem or problem

    def where(self, keep: Callable[[Json], bool]) -> Listing:
        """Return the items for which *keep* is true, with the same `problem`."""
        return Listing(filter(keep, self._items), self._tally)

    def map(self, change: Callable[[Json], Json]) -> Listing:
        """Return each item changed, with the same `problem`."""
        return Listing(map(change, self._items), self._tally)


def whole(ask: Ask) -> Listing:
    """Return the items of one response; `problem` is set if the response mentions more."""
    tally = Tally()

    def items() -> Iterator[Json]:
        page = ask({}, True)
        tally.passes, tally.total = 1, page.total
        if page.total is not None and page.total != len(page.items):
            tally.problem = f"the API sent {len(page.items)} of {page.total} items, without a next page"
        elif next_cursor(page):
            tally.problem = f"the API sent {len(page.items)} items and a cursor for more"
        yield from page.items
        tally.problem = tally.problem or page.reply.incomplete

    return Listing(items(), tally)


def stop_or_raise(tally: Tally, error: OpsError, where: str) -> None:
    """Record that a later page failed, since what was read is still useful; raise user errors."""
    if isinstance(error, SystemFailure | NetworkError):
        tally.problem = f"{where} could not be read: {error.reason}"
        return
    raise error


def next_cursor(page: Page) -> str:
    """Return the cursor of the next page, "" at the end; the API puts it in one of two fields.

    Raises MalformedAnswer for one that is not text: to take it for the end would lose the rest of the list.
    """
    cursors = page.info.get("cursors") or {}
    after = cursors.get("after") if isinstance(cursors, dict) else None
    cursor = page.info.get("cursor") or after or ""
    if not isinstance(cursor, str) or not isinstance(cursors, dict):
        hint = "try again; the rest of the list is not known"
        raise MalformedAnswer("the cursor of the list is not text", hint=hint)
    return cursor


def number(value: Any) -> int | None:
    """Return a count given as number or text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None
