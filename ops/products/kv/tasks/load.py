"""kv.load: a dump compared with the live namespace, shown, written in bulk, and read back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

from ops.cli.command import command
from ops.errors import Incomplete, Refused
from ops.items import equal
from ops.kinds.resource import Change
from ops.products.kv import api
from ops.products.kv.tasks.namespaces import EDIT, NAMED, is_simulated, namespace_of
from ops.products.kv.valid import IN_TRANSIT, SHORTEST_LIFE, can_be_written
from ops.ui.shapes import Item
from ops.writes.make import hold, make_all

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.items import Json
    from ops.kinds.resource import Owner
    from ops.products.kv.dumpfile import Dump

NEW, OVERWRITTEN, EQUAL, EXPIRED = FATES = ("new", "overwritten", "equal", "expired")
WRITTEN = (NEW, OVERWRITTEN)

# Up to this number, every pair is looked up: unlike a listing that does not lag behind a write.
FEW = 1000
# Pairs that are compared at once: at most this number, or these bytes.
SOME, WEIGHT = 1000, 1 << 20
SHOWN = 10

Portion = list[tuple["Json", bool]]
# What happens to one pair of the dump, and the live pair.
Line = tuple[str, "Json | None"]


@command(
    "load",
    required=("namespace", "file"),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={
        "namespace": f"{NAMED} to write to",
        "file": "a file of kv.dump, or a bulk file of wrangler; - is stdin",
    },
)
def load_namespace(app: App, namespace: str = "", file: str = "") -> Item:
    """Write a dump, or wrangler's bulk JSON, into a namespace: pairs that are new or differ.

    Shows first what will be new, overwritten and equal, and reads back what was written. Expired pairs are
    named and skipped. Undo deletes what was new, and restores what was overwritten.

    inv kv.load --namespace sessions --file sessions.jsonl --dry-run
    inv kv.load --namespace sessions --file sessions.jsonl
    inv kv.dump --namespace old --to - | inv kv.load --namespace new --file -
    """
    from ops.files.disk import explained, private_folder
    from ops.products.kv.dumpfile import open_dump
    from ops.products.kv.resources import PAIR
    from ops.writes import consent

    owner = namespace_of(app, namespace)
    empty = is_simulated(app, owner)
    folder = private_folder(app.settings.state_dir)
    dumped = open_dump(file, folder, now=app.clock())
    with dumped as dump, hold(app, PAIR, owner), explained(folder), TemporaryFile(dir=folder) as spool:
        total = dump.check()["pairs"]
        plan = LoadPlan(spool)
        _compare(app, owner, dump, plan, total, empty=empty)
        counts = {fate: plan.counts[fate] for fate in FATES}
        shown = ", ".join(f"{count:,} {fate}" for fate, count in counts.items())
        app.talk.show(f"load {dump.name} into {owner.item['title']}: {shown}")
        if touched := counts[OVERWRITTEN]:
            app.talk.show(f"overwritten: {plan.some(OVERWRITTEN)}")
        if counts[EXPIRED]:
            seconds = SHORTEST_LIFE + IN_TRANSIT
            app.warn(f"skipped, expired or expiring within {seconds} s: {plan.some(EXPIRED)}")
        many = touched > consent.ITEMS or touched > consent.SHARE * total
        if many and not (app.dry or app.option("force")):
            raise Refused(
                f"this load would overwrite {touched:,} existing pairs with {total:,} pairs of the dump",
                hint="check it with --dry-run; --force applies it",
            )
        made = make_all(app, _changes(app, owner, dump, plan), read_back=True).item
        differ = 0 if app.dry else _read_back(app, owner, dump, plan)
    return Item({"pairs": total, **counts, "differ": differ, "undo": made["undo"]})


class LoadPlan:
    """What happens to each pair of a dump, in its order: in *file*, because a namespace may be large."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        self.named: dict[str, list[str]] = {fate: [] for fate in FATES}

    def add(self, item: Json, line: Line) -> None:
        from ops.products.kv.dumpfile import item_line

        fate, before = line
        self.counts[fate] += 1
        if len(self.named[fate]) < SHOWN:
            self.named[fate].append(item["key"])
        self._file.write(fate.encode() + b" " + (item_line(before) if before else b"\n"))

    def lines(self) -> Iterator[Line]:
        """Yield the lines from the first one on; only one reader at a time."""
        from ops.products.kv.dumpfile import item_of

        self._file.seek(0)
        for text in self._file:
            fate, _, before = text.partition(b" ")
            yield fate.decode(), item_of(json.loads(before)) if before.strip() else None

    def some(self, fate: str) -> str:
        """Return the first keys of *fate* as text."""
        more = ", …" if self.counts[fate] > len(self.named[fate]) else ""
        return ", ".join(map(repr, self.named[fate])) + more


def _compare(app: App, namespace: Owner, dump: Dump, plan: LoadPlan, total: int, *, empty: bool) -> None:
    """Fill *plan* for the *total* pairs of *dump*; *empty*: *namespace* has no keys. Raise Incomplete."""
    from ops.products.kv import pairs

    listing = api.list_keys(app.client, namespace, ahead=False)
    may_exist = _existence(listing, total, empty=empty)
    now = app.clock()

    def line_of(item: Json, before: Json | None) -> Line:
        if not can_be_written(item, now + IN_TRANSIT):
            return EXPIRED, None
        if before is None:
            return NEW, None
        return (EQUAL, None) if equal(before, item) else (OVERWRITTEN, before)

    def compare(portion: Portion) -> list[tuple[Json, Line]]:
        keys = [item["key"] for item, exists in portion if exists]
        found = pairs.read(app.client, namespace, keys) if keys else {}
        return [(item, line_of(item, found.get(item["key"]))) for item, _ in portion]

    marked = ((item, may_exist(item["key"])) for item in dump.pairs())
    pace = pairs.Pace(app.parallel, app.settings.workers, app.stop)
    for compared in pace.each(compare, _portions(marked), _weigh):
        for item, line in compared:
            plan.add(item, line)
    if listing.problem:
        title = namespace.item.get("title")
        raise Incomplete(
            f"nothing was written, because the keys of {title} could not all be listed: {listing.problem}"
        )


def _existence(listing: Listing, total: int, *, empty: bool) -> Callable[[str], bool]:
    """Return a predicate that is true if a key may exist; it must be called in the order of the keys."""
    if empty or total <= FEW:
        return lambda _key: not empty
    names = (key["name"] for key in listing)
    last, read = next(names, None), 0

    def listed(key: str) -> bool:
        nonlocal last, read
        # If the namespace has far more keys than the dump, looking up each pair needs fewer requests.
        while last is not None and last < key and read < total * api.KEYS_PAGE / api.BULK_GET:
            last, read = next(names, None), read + 1
        return last is not None and last <= key

    return listed


def _weigh(portion: Iterable[tuple[Json, Any]]) -> int:
    """Return the approximate memory of comparing *portion*: each value exists three times."""
    return sum(3 * len(item["value"]) for item, _ in portion)


def _portions(marked: Iterable[tuple[Json, bool]]) -> Iterator[Portion]:
    """Yield *marked* pairs in parts of at most 100 that are marked, or 1,000, or about a megabyte."""
    portion: Portion = []
    weight = marks = 0
    for item, mark in marked:
        portion.append((item, mark))
        weight, marks = weight + len(item["value"]), marks + mark
        if marks == api.BULK_GET or len(portion) == SOME or weight >= WEIGHT:
            yield portion
            portion, weight, marks = [], 0, 0
    if portion:
        yield portion


def _changes(app: App, namespace: Owner, dump: Dump, plan: LoadPlan) -> Iterator[Change]:
    from ops.products.kv.resources import PAIR

    for item, (fate, before) in zip(dump.pairs(), plan.lines(), strict=True):
        if fate not in WRITTEN:
            continue
        if can_be_written(item, app.clock()):
            yield Change(PAIR, namespace, before, item)
        else:
            app.warn(f"skipped, it has expired meanwhile, or is about to: {item['key']!r}")


def _read_back(app: App, namespace: Owner, dump: Dump, plan: LoadPlan) -> int:
    """Return how many live pairs differ from what was written; if any, the load is incomplete."""
    from ops.products.kv import pairs

    lines = zip(dump.pairs(), plan.lines(), strict=True)
    written = (
        (item, True) for item, (fate, _) in lines if fate in WRITTEN and can_be_written(item, app.clock())
    )

    def compare(portion: Portion) -> tuple[list[str], int]:
        found = pairs.read(app.client, namespace, [item["key"] for item, _ in portion])
        doubtful = [item for item, _ in portion if found.get(item["key"]) != item]
        differ = [item["key"] for item in doubtful if pairs.find(app.client, namespace, item) != item]
        return differ, _weigh(portion)

    pace = pairs.Pace(app.parallel, app.settings.workers, app.stop)
    compared = pace.each(compare, _portions(written), lambda result: result[1])
    differ = [key for keys, _ in compared for key in keys]
    writes = sum(plan.counts[fate] for fate in WRITTEN)
    if differ:
        named = ", ".join(map(repr, differ[:SHOWN]))
        app.gap(f"{len(differ):,} of {writes:,} pairs differ from what was written: {named}")
    elif writes:
        app.note(f"{writes:,} pairs verified; kv.keys may list new keys only after a minute")
    return len(differ)
