"""Lists by page number: what is inserted or deleted meanwhile moves the rest between the pages.

An insertion makes an item come twice, which shows. A deletion hides one that was there all along, and
the total then differs from the number of items. A deletion in the pages already read together with an
insertion in those to come hides an item while no item comes twice and the total stays the same. Only
the inserted item gives that away: it was created after the first page was answered. So a list of more
than one page is believed when nothing came twice, the total stood still and was reached, and no item
is younger than the first page. Else it is read again, up to three times, and the union is given.
Where items carry no date, or the API gives no total, a second reading has to find nothing new.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ops.errors import OpsError
from ops.http.pages import PAGE_CAP, Ask, Json, Listing, Page, Tally, number, stop_or_raise
from ops.http.pause import served

PASSES = 3
STAMPS = ("created_on", "created_at", "modified_on")
# Date has whole seconds, and the clock of the edge is not that of the database.
LEEWAY = 2.0


def page_form(ask: Ask, per_page: int) -> Listing:
    """List all pages of *per_page* items each; problem is set when three readings do not add up."""
    tally = Tally()
    return Listing(_items(ask, per_page, tally), tally)


def _items(ask: Ask, per_page: int, tally: Tally) -> Iterator[Json]:
    seen: set[str] = set()
    for number_of_pass in range(1, PASSES + 1):
        reading = _Reading(ask, per_page, seen, tally, again=number_of_pass > 1)
        yield from reading.items()
        tally.passes = number_of_pass
        tally.duplicates += reading.twice
        if reading.failed or reading.believable():
            tally.problem = tally.problem or reading.incomplete
            return
    tally.problem = f"the list changed while it was read {PASSES} times: {reading.doubt()}"


class _Reading:
    """One reading of all pages, and what speaks against it."""

    def __init__(self, ask: Ask, per_page: int, seen: set[str], tally: Tally, *, again: bool) -> None:
        self._ask = ask
        self._per_page = per_page
        self._seen = seen
        self._tally = tally
        self._again = again
        # The first reading has seen what it has here: two sets of the same would be a second list in memory.
        self._here: set[str] = set() if again else seen
        self._totals: set[int | None] = set()
        self._pages = 0
        self._since = 0.0
        self._young = 0
        self._undated = False
        self._stuck = ""
        self._added = False
        self.twice = 0
        self.failed = False
        self.incomplete = ""

    def items(self) -> Iterator[Json]:
        """Yield what no reading has given yet."""
        while self._pages < PAGE_CAP:
            page = self._next()
            if page is None:
                return
            before = len(self._here)
            # A list that is one page was read at one moment, so no date is needed to prove it.
            yield from self._new(page.items, dated=self._pages > 1 or not self._is_alone(page))
            if self._is_last(page, len(self._here) > before):
                return
            # The next one is read while this name would still hold all items of the one before.
            del page
        self._stuck = f"it has more than {PAGE_CAP:,} pages"

    def _next(self) -> Page | None:
        """Ask for the page that follows; None when it failed after others had been read."""
        try:
            page = self._ask({"page": self._pages + 1, "per_page": self._per_page}, not self._pages)
            if not self._pages and page.reply.cached and not self._is_alone(page):
                # Pages of different ages do not make a list, so only a single page comes from the cache.
                page = self._ask({"page": 1, "per_page": self._per_page}, False)
        except OpsError as error:
            if not self._pages and not self._again:
                raise
            stop_or_raise(self._tally, error, f"page {self._pages + 1}")
            self.failed = True
            return None
        self._pages += 1
        if self._pages == 1:
            self._since = answered_at(page) - LEEWAY
        self._totals.add(page.total)
        self.incomplete = page.reply.incomplete
        if page.items or self._pages == 1:
            self._tally.total = page.total
        return page

    def _new(self, items: list[Json], *, dated: bool) -> Iterator[Json]:
        for item in items:
            key = _key(item)
            if key in self._here:
                self.twice += 1
                continue
            self._here.add(key)
            if self._again and key in self._seen:
                continue
            self._seen.add(key)
            self._added = True
            if dated:
                self._date(item)
            yield item

    def _date(self, item: Json) -> None:
        """Note whether *item*, which no earlier reading gave, appeared after the first page."""
        born = [moment for moment in (_moment(item.get(name)) for name in STAMPS) if moment]
        if not born:
            self._undated = True
        elif max(born) >= self._since:
            self._young += 1

    def _is_alone(self, page: Page) -> bool:
        return len(page.items) < self._size(page) and page.total in (None, len(page.items))

    def _size(self, page: Page) -> int:
        """Return how many items a full page has: the server may send fewer than requested, never more."""
        return min(number(page.info.get("per_page")) or self._per_page, self._per_page)

    def _is_last(self, page: Page, brought_new: bool) -> bool:
        """True if to stop; the total is a reason to go on, never one to stop."""
        if not page.items:
            return True
        if not brought_new:
            if page.info:
                self._stuck = f"page {self._pages} brought nothing new"
            else:
                # A server that knows no pages says nothing of them, and returns its only one for any number.
                self._pages, self.twice = 1, 0
            return True
        if not page.info and len(page.items) > self._per_page:
            return True
        more = page.total is not None and page.total > len(self._here)
        return len(page.items) < self._size(page) and not more

    def believable(self) -> bool:
        """True if this reading is whole."""
        if self.doubt():
            return False
        proven = self._pages == 1 or (not self._undated and None not in self._totals)
        return proven or not self._added

    def doubt(self) -> str:
        """Return what speaks against this reading, "" for nothing."""
        total = self._tally.total
        if self._stuck:
            return self._stuck
        if total is not None and total != len(self._here):
            return f"{len(self._here)} different items of {total}"
        if self._pages == 1:
            return ""
        if self.twice:
            return f"{self.twice} items came twice"
        if len(self._totals) > 1:
            return "the total moved"
        return f"{self._young} items appeared meanwhile" if self._young else ""


def answered_at(page: Page) -> float:
    """Return when *page* was answered, by the server's clock, in seconds of the epoch."""
    return served(page.reply.headers) or time.time()


def _key(item: Json) -> str:
    """Return what tells *item* from the others: its id, or all of it."""
    found = item.get("id")
    return found if isinstance(found, str) and found else json.dumps(item, sort_keys=True)


def _moment(value: Any) -> float:
    """Read an RFC 3339 date as seconds of the epoch; 0 for anything else."""
    if not isinstance(value, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
