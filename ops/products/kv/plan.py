"""What loading a dump would change: each of its pairs compared with what stands in the namespace."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from ops.errors import Incomplete
from ops.kinds.change import equal
from ops.products.kv import api, pairs
from ops.products.kv.dumpfile import item_line, item_of
from ops.products.kv.pacing import paced
from ops.products.kv.valid import ON_THE_WAY, lasts

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.kinds.resource import Json, Owner
    from ops.products.kv.dumpfile import Dump

NEW, OVERWRITTEN, EQUAL, EXPIRED = FATES = ("new", "overwritten", "equal", "expired")
WRITTEN = (NEW, OVERWRITTEN)

# So few pairs are asked for one and all: unlike a listing that does not lag behind a write.
FEW = 1000
# Pairs that are compared at once: so many at most, or so many bytes.
SOME, WEIGHT = 1000, 1 << 20
NAMED = 10

Portion = list[tuple["Json", bool]]
Stands = Callable[[str], bool]


class Line(NamedTuple):
    """What becomes of one pair of the dump, and what stands there now."""

    fate: str
    before: Json | None = None


class Plan:
    """What becomes of each pair of a dump, in its order: in *file*, for a namespace may be large."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        self.named: dict[str, list[str]] = {fate: [] for fate in FATES}

    def add(self, item: Json, line: Line) -> None:
        self.counts[line.fate] += 1
        if len(self.named[line.fate]) < NAMED:
            self.named[line.fate].append(item["key"])
        before = item_line(line.before) if line.before else b"\n"
        self._file.write(line.fate.encode() + b" " + before)

    def lines(self) -> Iterator[Line]:
        """Yield the lines from the first one on; only one reader at a time."""
        self._file.seek(0)
        for text in self._file:
            fate, _, before = text.partition(b" ")
            yield Line(fate.decode(), item_of(json.loads(before)) if before.strip() else None)

    @property
    def writes(self) -> int:
        return sum(self.counts[fate] for fate in WRITTEN)

    def some(self, fate: str) -> str:
        """Name the first keys of *fate*."""
        more = ", …" if self.counts[fate] > len(self.named[fate]) else ""
        return ", ".join(map(repr, self.named[fate])) + more


def make_plan(app: App, namespace: Owner, dump: Dump, plan: Plan, total: int, *, empty: bool) -> None:
    """Fill *plan* for the *total* pairs of *dump*; *empty* says that nothing stands in *namespace*.

    Takes a request for every 100 pairs that stand there, and a listing of 1,000 keys each to know which those
    are. Raises Incomplete where that cannot be known.
    """
    listing = api.list_keys(app.client, namespace.account_id, namespace.id, ahead=False)
    stands = _stands(listing, total, empty=empty)
    now = app.clock()

    def compare(portion: Portion) -> list[tuple[Json, Line]]:
        asked = [item["key"] for item, there in portion if there]
        found = pairs.read(app.client, namespace, asked) if asked else {}
        return [(item, _line(item, found.get(item["key"]), now)) for item, _ in portion]

    marked = ((item, stands(item["key"])) for item in dump.pairs())
    for compared in paced(app, compare, portions(marked), weigh):
        for item, line in compared:
            plan.add(item, line)
    if listing.problem:
        title = namespace.item.get("title")
        raise Incomplete(
            f"what stands in {title} could not all be listed, so nothing was written: {listing.problem}"
        )


def _line(item: Json, before: Json | None, now: float) -> Line:
    if not lasts(item, now + ON_THE_WAY):
        return Line(EXPIRED)
    if before is None:
        return Line(NEW)
    return Line(EQUAL) if equal(before, item) else Line(OVERWRITTEN, before)


def _stands(listing: Listing, total: int, *, empty: bool) -> Stands:
    """Give what says whether something may stand under a key, asked in the order of the keys."""
    if empty or total <= FEW:
        return lambda _key: not empty
    names = (key["name"] for key in listing)
    last, read = next(names, None), 0

    def listed(key: str) -> bool:
        nonlocal last, read
        # Where far more stands there than is loaded, asking for each pair takes fewer requests.
        while last is not None and last < key and read < total * api.KEYS_PAGE / api.BULK_GET:
            last, read = next(names, None), read + 1
        return last is not None and last <= key

    return listed


def weigh(portion: Iterable[tuple[Json, Any]]) -> int:
    """Give about how many bytes it takes to compare *portion*: each value is there three times."""
    return sum(3 * len(item["value"]) for item, _ in portion)


def portions(marked: Iterable[tuple[Json, bool]]) -> Iterator[Portion]:
    """Yield *marked* pairs in parts of at most 100 that are marked, or a thousand, or about a megabyte."""
    portion: Portion = []
    weight = there = 0
    for item, mark in marked:
        portion.append((item, mark))
        weight, there = weight + len(item["value"]), there + mark
        if there == api.BULK_GET or len(portion) == SOME or weight >= WEIGHT:
            yield portion
            portion, weight, there = [], 0, 0
    if portion:
        yield portion
