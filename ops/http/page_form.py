"""Lists by page number, which shift when items are inserted or deleted meanwhile.

An insertion makes an item come twice, which is visible. A deletion hides an item, and the total then differs
from the number of items. A deletion in pages already read together with an insertion in later pages hides an
item while nothing comes twice and the total stays the same; only the inserted item shows that, since it was
created after the first page was answered. So a list of several pages is complete if nothing came twice, the
total did not change and was reached, and no item is younger than the first page. Otherwise it is read again,
up to three times, and the union is returned. If items carry no date, or the API gives no total, a second
reading must find nothing new.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ops.errors import OpsError
from ops.http.pages import PAGE_CAP, Ask, Listing, Page, Tally, number, stop_or_raise
from ops.http.pause import served
from ops.items import Json

PASSES = 3
STAMPS = ("created_on", "created_at", "modified_on")
# `Date` has whole seconds, and the clock of the edge is not that of the database.
LEEWAY = 2.0


def page_form(ask: Ask, per_page: int) -> Listing:
    """Return all pages of *per_page* items each; `problem` is set if three readings do not agree."""
    tally = Tally()

    def items() -> Iterator[Json]:
        seen: set[str] = set()
        for number_of_pass in range(1, PASSES + 1):
            reading = _Reading(ask, per_page, seen, tally, again=number_of_pass > 1)
            yield from reading.items()
            tally.passes = number_of_pass
            tally.duplicates += reading.twice
            if reading.failed or reading.believable():
                tally.problem = tally.problem or reading.incomplete
                return
        if reading.unchanged():
            tally.problem = f"the API reports {tally.total} items, but sent {len(seen)} in {PASSES} readings"
        else:
            tally.problem = f"the list changed while it was read {PASSES} times: {reading.doubt()}"

    return Listing(items(), tally)


class _Reading:
    """One reading of all pages, and what shows that it is incomplete."""

    def __init__(self, ask: Ask, per_page: int, seen: set[str], tally: Tally, *, again: bool) -> None:
        self._ask = ask
        self._per_page = per_page
        self._seen = seen
        self._tally = tally
        self._again = again
        # In the first reading both sets would be equal: one serves for both, to save memory.
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
        """Yield the items that no reading has yielded yet."""
        while self._pages < PAGE_CAP:
            page = self._next()
            if page is None:
                return
            before = len(self._here)
            # A list of one page was read at one moment, so no date is needed to prove it.
            yield from self._new(page.items, dated=self._pages > 1 or not self._is_alone(page))
            if self._is_last(page, len(self._here) > before):
                return
            # Otherwise this name would keep the page in memory while the next one is read.
            del page
        self._stuck = f"it has more than {PAGE_CAP:,} pages"

    def _next(self) -> Page | None:
        """Return the next page; None if it failed after others had been read."""
        try:
            page = self._ask({"page": self._pages + 1, "per_page": self._per_page}, not self._pages)
            if not self._pages and page.reply.cached and not self._is_alone(page):
                # Pages of different ages do not make a list, so only a list of a single
                # page may come from the cache.
                page = self._ask({"page": 1, "per_page": self._per_page}, False)
        except OpsError as error:
            if not self._pages and not self._again:
                raise
            stop_or_raise(self._tally, error, f"page {self._pages + 1}")
            self.failed = True
            return None
        self._pages += 1
        if self._pages == 1:
            self._since = (served(page.reply.headers) or time.time()) - LEEWAY
        self._totals.add(page.total)
        self.incomplete = page.reply.incomplete
        if page.items or self._pages == 1:
            self._tally.total = page.total
        return page

    def _new(self, items: list[Json], *, dated: bool) -> Iterator[Json]:
        for item in items:
            id = item.get("id")
            key = id if isinstance(id, str) and id else json.dumps(item, sort_keys=True)
            if key in self._here:
                self.twice += 1
                continue
            self._here.add(key)
            if self._again and key in self._seen:
                continue
            self._seen.add(key)
            self._added = True
            if dated:
                born = [moment for moment in (_moment(item.get(name)) for name in STAMPS) if moment]
                if not born:
                    self._undated = True
                elif max(born) >= self._since:
                    self._young += 1
            yield item

    def _is_alone(self, page: Page) -> bool:
        return len(page.items) < self._size(page) and page.total in (None, len(page.items))

    def _size(self, page: Page) -> int:
        """Return how many items a full page has: the server may send fewer than requested, never more."""
        return min(number(page.info.get("per_page")) or self._per_page, self._per_page)

    def _is_last(self, page: Page, brought_new: bool) -> bool:
        """True if this was the last page; the total is a reason to continue, never one to stop."""
        if not page.items:
            return True
        if not brought_new:
            if page.info:
                self._stuck = f"page {self._pages} brought nothing new"
            else:
                # A server without paging sends no page numbers, and returns its only page for any number.
                self._pages, self.twice = 1, 0
            return True
        if not page.info and len(page.items) > self._per_page:
            return True
        more = page.total is not None and page.total > len(self._here)
        return len(page.items) < self._size(page) and not more

    def believable(self) -> bool:
        if self.doubt():
            return False
        proven = self._pages == 1 or (not self._undated and None not in self._totals)
        return proven or not self._added

    def unchanged(self) -> bool:
        """True if a repeated reading found the same items and the same total: only the total is wrong."""
        return not (self._added or self._stuck or self.twice or self._young) and len(self._totals) == 1

    def doubt(self) -> str:
        """Return why this reading may be incomplete, or ""."""
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
            return "the total changed"
        return f"{self._young} items appeared meanwhile" if self._young else ""


def _moment(value: Any) -> float:
    """Return an RFC 3339 date as seconds since 1970; 0 for anything else."""
    if not isinstance(value, str):
        return 0.0
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
