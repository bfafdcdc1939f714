"""Lists by cursor, in constant memory: a namespace may hold millions of keys.

A cursor marks a place in an order, so what is inserted or deleted elsewhere moves nothing. What has to be
watched is the cursor itself: it may be empty, come again, or expire. Where the server promises an
order, the last key says what was given; else fingerprints of a bounded number of items do.

Read *ahead*, the page after the second and each later one is asked for while its items are worked on; who
wants no more than the first page's items still causes no request for a second one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

from ops.errors import Conflict, NotFound, OpsError, ValidationError
from ops.http.pages import PAGE_CAP, Ask, Json, Listing, Page, Tally, next_cursor, stop_or_raise

T = TypeVar("T")
A = TypeVar("A")

# So many results wait at the most for who takes them.
DEPTH = 2


class Following(Generic[A, T]):
    """Prefetches: one thread calls *step*, which takes a mark and returns a result and the next mark.

    It begins with *first*, ends where *step* gives no mark or raises, and is never more than a few results
    ahead. Close it when no more are wanted.
    """

    def __init__(self, first: A, step: Callable[[A], tuple[T, A | None]]) -> None:
        self._first, self._step = first, step
        self._results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        self._room = threading.Semaphore(DEPTH)
        self._closed = False
        threading.Thread(target=self._run, name="ops-ahead", daemon=True).start()

    def take(self) -> T:
        """Wait for the next result, or raise what its call raised."""
        value, failure = self._results.get()
        self._room.release()
        if failure:
            raise failure
        return value  # type: ignore[return-value]  # there is one where there is no failure

    def close(self) -> None:
        """Make no further call."""
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
            except BaseException as failure:  # raised by whoever takes the result
                self._results.put((None, failure))
                return


# How many items without an order can be told apart after a restart: about 10 MiB.
REMEMBERED = 100_000


def cursor_form(ask: Ask, *, ordered_by: str, identity: str, ahead: bool = False) -> Listing:
    """List all pages; *ordered_by* names the field by which the server promises ascending order.

    Without one items are told apart by *identity*, `id` for "". With *ahead* the next page is asked for while
    one is worked on.
    """
    tally = Tally()
    given = _Ordered(ordered_by) if ordered_by else _Remembered(identity or "id")
    return Listing(_items(ask, given, tally, ahead=ahead), tally)


def _items(ask: Ask, given: _Ordered | _Remembered, tally: Tally, *, ahead: bool) -> Iterator[Json]:
    pages = _Pages(ask, ahead=ahead)
    try:
        yield from _read(pages, given, tally)
    finally:
        pages.close()


class _Pages:
    """The pages by their cursors; read *ahead* from the third one on."""

    def __init__(self, ask: Ask, *, ahead: bool) -> None:
        self._ask, self._ahead = ask, ahead
        self._coming: Following[str, Page] | None = None

    def get(self, cursor: str) -> Page:
        """Return the page of *cursor*, which follows the last one that was given; "" is the first one."""
        return self._coming.take() if self._coming else _page(self._ask, cursor)

    def expect(self, cursor: str, used: set[int]) -> None:
        """Ask for the page of *cursor* and those after it before their turn, but for none of *used*."""
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
        """Ask for no page before its turn any more."""
        if self._coming:
            self._coming.close()
        self._coming = None


def _read(pages: _Pages, given: _Ordered | _Remembered, tally: Tally) -> Iterator[Json]:
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
            # The items given so far are known, so the list can be read from its start without repeating any.
            tally.passes += 1
            given.restart()
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
                tally.problem = f"the cursor of page {turn + 1} came before, so the end is not certain"
            return
        used.add(hash(cursor))
    tally.problem = f"the list has more than {PAGE_CAP:,} pages"


def _page(ask: Ask, cursor: str) -> Page:
    """Ask for a page; like pages by number, only a list of a single page comes from the cache."""
    if cursor:
        return ask({"cursor": cursor}, False)
    page = ask({}, True)
    return ask({}, False) if page.reply.cached and next_cursor(page) else page


class _Ordered:
    """Remembers the last key: those at or before it have been given."""

    all_known = True

    def __init__(self, field: str) -> None:
        self._field = field
        self._last = ""
        self._again = False
        self.problem = ""

    def new(self, items: list[Json], tally: Tally) -> Iterator[Json]:
        """Yield those of *items* that have not been given."""
        for item in items:
            key = str(item.get(self._field, ""))
            if key > self._last:
                self._last, self._again = key, False
            elif self._again:
                continue
            elif key and key == self._last:
                tally.duplicates += 1
                continue
            else:
                self.problem = f"the order is broken at {key!r}, so items may be missing"
            yield item

    def restart(self) -> None:
        """Expect the list from its start."""
        self._again = True


class _Remembered:
    """Remembers fingerprints: of all items while they are few, then of the latest ones."""

    problem = ""

    def __init__(self, field: str) -> None:
        self._field = field
        self._seen: set[int] = set()
        self._again = False
        self.all_known = True

    def new(self, items: list[Json], tally: Tally) -> Iterator[Json]:
        """Yield those of *items* that have not been given."""
        if len(self._seen) > REMEMBERED:
            self._seen.clear()
            self.all_known = False
        for item in items:
            mark = hash(str(item.get(self._field) or json.dumps(item, sort_keys=True)))
            if mark in self._seen:
                tally.duplicates += not self._again
                continue
            self._seen.add(mark)
            yield item

    def restart(self) -> None:
        """Expect the list from its start."""
        self._again = True
