"""Lists by cursor, in constant memory: a namespace may hold millions of keys.

A cursor marks a position in an order, so insertions and deletions elsewhere move nothing. The cursor itself
has to be checked: it may be empty, be repeated, or expire. If the server promises an order, the last key
shows what was already yielded; else fingerprints of a bounded number of items do.

With *ahead*, each page after the second is requested while the one before is processed. A caller that reads
only the first page's items never causes a second request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

from ops.errors import Conflict, NotFound, OpsError, ValidationError
from ops.http.pages import PAGE_CAP, Ask, Listing, Page, Tally, next_cursor, stop_or_raise
from ops.items import Json

T = TypeVar("T")
A = TypeVar("A")

# The most results that may wait to be taken.
DEPTH = 2


class Following(Generic[A, T]):
    """Prefetches: one thread calls *step*, which takes a mark and returns a result and the next mark.

    It starts with *first*, ends when *step* returns no mark or raises, and is at most a few results ahead.
    Close it when no more results are needed.
    """

    def __init__(self, first: A, step: Callable[[A], tuple[T, A | None]]) -> None:
        self._first, self._step = first, step
        self._results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        self._room = threading.Semaphore(DEPTH)
        self._closed = False
        run = partial(copy_context().run, self._run)
        threading.Thread(target=run, name="ops-ahead", daemon=True).start()

    def take(self) -> T:
        """Return the next result, or raise what its call raised."""
        value, failure = self._results.get()
        self._room.release()
        if failure:
            raise failure
        return value  # type: ignore[return-value]  # set whenever there is no failure

    def close(self) -> None:
        """Start no further call."""
        self._closed = True
        self._room.release()

    def _run(self) -> None:
        mark: A | None = self._first
        while mark is not None:
            self._room.acquire()
            if self._closed:
                return
            try:
                value, mark = self._step(mark)
                self._results.put((value, None))
            except BaseException as failure:  # noqa: BLE001 (raised by take())
                self._results.put((None, failure))
                return


# The number of unordered items whose fingerprints are kept: about 10 MiB.
REMEMBERED = 100_000


def cursor_form(ask: Ask, *, ordered_by: str, identity: str, ahead: bool = False) -> Listing:
    """Return all pages as a listing; *ordered_by* is the field by which the server promises ascending order.

    Without one, *identity* tells items apart ("" for `id`). *ahead* prefetches the next page.
    """
    tally = Tally()
    given = _Ordered(ordered_by) if ordered_by else _Remembered(identity or "id")

    def items() -> Iterator[Json]:
        with closing(_Pages(ask, ahead=ahead)) as pages:
            yield from _read(pages, given, tally)

    return Listing(items(), tally)


class _Pages:
    """The pages by cursor, prefetched from the third one on if *ahead*."""

    def __init__(self, ask: Ask, *, ahead: bool) -> None:
        self._ask, self._ahead = ask, ahead
        self._coming: Following[str, Page] | None = None

    def get(self, cursor: str) -> Page:
        """Return the page of *cursor*, which follows the last page returned; "" is the first page."""
        return self._coming.take() if self._coming else _page(self._ask, cursor)

    def expect(self, cursor: str, used: set[int]) -> None:
        """Prefetch the page of *cursor* and those after it, except cursors in *used*."""
        asked = set(used)

        def step(mark: str) -> tuple[Page, str | None]:
            page = _page(self._ask, mark)
            asked.add(hash(mark))
            following = next_cursor(page)
            more = following and hash(following) not in asked and len(asked) < PAGE_CAP
            return page, following if more else None

        if self._ahead and not self._coming:
            self._coming = Following(cursor, step)

    def close(self) -> None:
        if self._coming:
            self._coming.close()
        self._coming = None


def _read(  # noqa: C901 (a branch for each way that a list can end)
    pages: _Pages, given: _Ordered | _Remembered, tally: Tally
) -> Iterator[Json]:
    tally.passes = 1
    cursor, used = "", set[int]()
    for turn in range(PAGE_CAP):
        try:
            page = pages.get(cursor)
        except (ValidationError, NotFound, Conflict) as error:
            if not cursor or isinstance(error, NotFound):
                raise
            if tally.passes > 1 or not given.all_known:
                tally.problem = f"the cursor expired: {error.message}"
                return
            # The items yielded so far are known, so the list can be read from its start
            # without repeating any.
            tally.passes += 1
            given.again = True
            cursor, used = "", set()
            pages.close()
            continue
        except OpsError as error:
            if not turn:
                raise
            stop_or_raise(tally, error, f"page {turn + 1}")
            return
        cursor = next_cursor(page)
        if turn and cursor and hash(cursor) not in used and turn + 1 < PAGE_CAP:
            pages.expect(cursor, used)
        yield from given.new(page.items, tally)
        tally.problem = tally.problem or given.problem
        if not cursor:
            tally.problem = tally.problem or page.reply.incomplete
            return
        if hash(cursor) in used:
            if page.items:
                tally.problem = f"the cursor of page {turn + 1} was repeated, so the end is not certain"
            return
        used.add(hash(cursor))
    tally.problem = f"the list has more than {PAGE_CAP:,} pages"


def _page(ask: Ask, cursor: str) -> Page:
    """Request a page; as with page numbers, only a list of a single page may come from the cache."""
    if cursor:
        return ask({"cursor": cursor}, False)
    page = ask({}, True)
    return ask({}, False) if page.reply.cached and next_cursor(page) else page


class _Ordered:
    """Remembers the last key: keys up to it were yielded. *again*: the list is read from its start again."""

    all_known = True

    def __init__(self, field: str) -> None:
        self._field = field
        self._last = ""
        self.again = False
        self.problem = ""

    def new(self, items: list[Json], tally: Tally) -> Iterator[Json]:
        for item in items:
            key = str(item.get(self._field, ""))
            if key > self._last:
                self._last, self.again = key, False
            elif self.again:
                continue
            elif key and key == self._last:
                tally.duplicates += 1
                continue
            else:
                self.problem = f"the order is broken at {key!r}, so items may be missing"
            yield item


class _Remembered:
    """Remembers fingerprints: of all items up to a number, then of the latest. *again* as in _Ordered."""

    problem = ""

    def __init__(self, field: str) -> None:
        self._field = field
        self._seen: set[int] = set()
        self.again = False
        self.all_known = True

    def new(self, items: list[Json], tally: Tally) -> Iterator[Json]:
        if len(self._seen) > REMEMBERED:
            self._seen.clear()
            self.all_known = False
        for item in items:
            mark = hash(str(item.get(self._field) or json.dumps(item, sort_keys=True)))
            if mark in self._seen:
                tally.duplicates += not self.again
                continue
            self._seen.add(mark)
            yield item
