"""kv.dump and kv.load: a whole namespace to a file, and a dump compared, written and read back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

from ops.cli.command import command
from ops.errors import Incomplete, Refused
from ops.items import equal
from ops.products.kv import READ
from ops.products.kv.tasks.keys import EDIT, existing, is_simulated, namespace_of
from ops.ui.shapes import Bytes, Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.items import Json
    from ops.kinds.resource import Change, Owner
    from ops.products.kv.dumpfile import Dump, ResumableDump
    from ops.ui.progress import Progress

SHOWN = 10
CHUNK = 1 << 20
NEW, OVERWRITTEN, EQUAL, EXPIRED = FATES = ("new", "overwritten", "equal", "expired")
WRITTEN = (NEW, OVERWRITTEN)
# Up to this number, every pair is looked up: unlike a listing that does not lag behind a write.
FEW = 1000
# Pairs that are compared at once: at most this number, or these bytes.
SOME, WEIGHT = 1000, 1 << 20

Portion = list[tuple["Json", bool]]
# What happens to one pair of the dump, and the live pair.
Line = tuple[str, "Json | None"]


@command(
    "dump",
    reads=False,
    required=("namespace", "to"),
    guards=("force",),
    needs=READ,
    help={
        "to": "the file to write, JSON lines; .gz compresses it; - is stdout",
        "force": "replace an existing file without asking",
    },
)
def dump_namespace(app: App, namespace: str = "", to: str = "") -> Item | Bytes:
    """Write a whole namespace to a file: values, metadata and expiry, one line for each key.

    Needs a request for every 100 keys, one for 1,000 listed, and one for each value that is not UTF-8. After
    an interruption the same command resumes. The last line has a count and a hash, so a truncated file is
    detected. An existing file is replaced only after a question or with --force, and only by a complete dump.

    inv kv.dump sessions sessions.jsonl
    inv kv.dump sessions /backup/sessions.jsonl.gz --output json
    """
    from ops.files.disk import check_writable, refuse_other
    from ops.writes.describe import confirm_replacement

    target = Path(to)
    if to != "-":
        refuse_other(target)
        check_writable(target.parent)
        confirm_replacement(target, force=bool(app.option("force")))
    owner = existing(app, namespace)
    if to == "-":
        return Bytes(_dump_to_stdout(app, owner))
    last = _dump(app, owner, target, "what was read is in {}; the same command resumes from there")
    return Item({"file": to, **last}, ("file", "pairs", "gone", "unread", "sha256"))


def _dump_to_stdout(app: App, namespace: Owner) -> Iterator[bytes]:
    """Yield the dump once it is complete: what is piped into another command is whole, or nothing."""
    from ops.files.disk import explained, private_folder

    state = private_folder(app.settings.state_dir)
    with explained(state), TemporaryDirectory(dir=state) as folder:
        target = Path(folder) / "dump.jsonl"
        _dump(app, namespace, target, "nothing was written to stdout")
        with target.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _dump(app: App, owner: Owner, target: Path, interrupted: str) -> Json:
    """Write the dump to *target* and return its last line; *interrupted* is the warning if that fails."""
    from ops.products.kv.dumpfile import ResumableDump

    origin = {"account": owner.account_id, "namespace": {n: owner.item[n] for n in ("id", "title")}}
    with ResumableDump(target, origin) as dump:
        try:
            _read_all(app, owner, dump)
            listed = _still_listed(app, owner, dump)
        except BaseException:
            app.warn(interrupted.format(dump.path))
            raise
        last = dump.finish(unread=listed)
    if last["gone"]:
        app.note(f"listed, but deleted or expired since: {', '.join(map(repr, last['gone']))}")
    if last["unread"]:
        named = ", ".join(map(repr, last["unread"][:SHOWN]))
        count = f"{len(last['unread']):,} values"
        app.gap(f"{count} could not be read: {named}; the last line of the dump names all")
    return last


def _read_all(app: App, namespace: Owner, dump: ResumableDump) -> None:
    from ops.metrics.forecast import announce
    from ops.products.kv import api, pairs
    from ops.products.kv.dumpfile import read_batch

    announce(app)
    if dump.count:
        app.note(f"{dump.count:,} keys were read before: resuming after {dump.last!r}")
    title, start = namespace.item["title"], dump.last
    listing = api.list_keys(app.client, namespace)
    left = (key for key in listing if key["name"] > start)

    def batches(progress: Progress) -> Iterator[list[Json]]:
        for keys in pairs.chunks(left, api.BULK_GET):
            progress.known(len(keys))
            yield keys

    pace, read = (
        pairs.Pace(app.parallel, app.settings.workers, app.stop),
        partial(read_batch, app.client, namespace),
    )
    with app.progress(f"keys of {title}") as progress:
        progress.known(dump.count)
        progress.done(n=dump.count)
        for batch in pace.halved(read, batches(progress), lambda b: len(b.lines)):
            dump.add(batch.lines, batch.last, batch.keys)
            progress.done(n=batch.keys)
            for problem in batch.unread:
                app.warn(f"not read: {problem}")
    if listing.problem:
        hint = "try again; a dump to a file resumes from here, and the file is written when all is read"
        raise Incomplete(f"the keys of {title} could not all be listed: {listing.problem}", hint=hint)


def _still_listed(app: App, namespace: Owner, dump: ResumableDump) -> set[str]:
    """Return the keys of *dump* without a value that are still listed: a 404 alone proves nothing."""
    from ops.products.kv import api

    gone = set(dump.gone())

    def find(key: str) -> str | None:
        # Keys are sorted, so the first one with this prefix is the key itself, if it exists.
        return next(
            (one["name"] for one in api.list_keys(app.client, namespace, prefix=key, ahead=False)), None
        )

    if len(gone) * api.KEYS_PAGE <= dump.count:
        listed = gone.intersection(filter(None, app.parallel(find, sorted(gone))))
    else:
        listing = api.list_keys(app.client, namespace)
        listed = {key["name"] for key in listing if key["name"] in gone}
        if listing.problem:
            listed = gone
    for key in sorted(listed):
        app.warn(f"not read: {key!r} (it is listed, but the API returned no value)")
    return listed


@command(
    "load",
    required=("namespace", "file"),
    writes=True,
    guards=("force",),
    needs=EDIT,
    help={
        "namespace": "title or id of the namespace to write to",
        "file": "a file of kv.dump, or a bulk file of wrangler; - is stdin",
    },
)
def load_namespace(app: App, namespace: str = "", file: str = "") -> Item:
    """Write a dump, or wrangler's bulk JSON, into a namespace: pairs that are new or differ.

    Shows first what will be new, overwritten and equal, and reads back what was written. Expired pairs are
    named and skipped. Undo deletes what was new, and restores what was overwritten.

    inv kv.load sessions sessions.jsonl --dry-run
    inv kv.load sessions sessions.jsonl
    inv kv.dump --namespace config --to - | inv kv.load config-2 --file -
    """
    from ops.files.disk import explained, private_folder
    from ops.metrics.forecast import announce
    from ops.products.kv.dumpfile import open_dump
    from ops.products.kv.resources import PAIR
    from ops.products.kv.valid import IN_TRANSIT, SHORTEST_LIFE
    from ops.writes import describe
    from ops.writes.make import hold, make_all

    owner = namespace_of(app, namespace)
    empty = is_simulated(app, owner)
    folder = private_folder(app.settings.state_dir)
    dumped = open_dump(file, folder, now=app.clock())
    with dumped as dump, hold(app, PAIR, owner), explained(folder), TemporaryFile(dir=folder) as spool:
        total = dump.check()["pairs"]
        plan = LoadPlan(spool)
        announce(app)
        _compare(app, owner, dump, plan, total, empty=empty)
        counts = {fate: plan.counts[fate] for fate in FATES}
        shown = ", ".join(f"{count:,} {fate}" for fate, count in counts.items())
        app.talk.show(f"load {dump.name} into {owner.item['title']}: {shown}")
        if touched := counts[OVERWRITTEN]:
            app.talk.show(f"overwritten: {plan.some(OVERWRITTEN)}")
        if counts[EXPIRED]:
            seconds = SHORTEST_LIFE + IN_TRANSIT
            app.warn(f"skipped, expired or expiring within {seconds} s: {plan.some(EXPIRED)}")
        many = touched > describe.ITEMS or touched > describe.SHARE * total
        if many and not (app.dry or app.option("force")):
            problem = f"this load would overwrite {touched:,} existing pairs with {total:,} pairs of the dump"
            raise Refused(problem, hint="check it with --dry-run; --force applies it")
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
    from ops.products.kv import api, pairs
    from ops.products.kv.valid import IN_TRANSIT, can_be_written

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
        problem = f"the keys of {namespace.item.get('title')} could not all be listed: {listing.problem}"
        raise Incomplete(f"nothing was written, because {problem}")


def _existence(listing: Listing, total: int, *, empty: bool) -> Callable[[str], bool]:
    """Return a predicate that is true if a key may exist; it must be called in the order of the keys."""
    from ops.products.kv import api

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
    from ops.products.kv import api

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
    from ops.kinds.resource import Change
    from ops.products.kv.resources import PAIR
    from ops.products.kv.valid import can_be_written

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
    from ops.products.kv.valid import can_be_written

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
