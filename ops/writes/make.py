"""Make changes: look up, show, lock, confirm, compare, note the intent, send, note the result, read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

from ops.cli.app import App
from ops.errors import Conflict, MalformedAnswer, Refused
from ops.items import Json, reach
from ops.kinds.resource import CREATE, DELETE, UNCHANGED, UPDATE, Change, Owner, Resource
from ops.ui.shapes import CHANGE, KEY, LOW, MAIN, Column, Item, Rows
from ops.writes.consult import consulted, consulted_stream

COLUMNS = (
    Column("action", MAIN, CHANGE), "kind", Column("name", KEY), Column("id", LOW), Column("undo", KEY),
)  # fmt: skip


def make(app: App, *changes: Change, total: int | None = None, question: str = "") -> Rows:
    """Make *changes* in their order; return a row for each: action, kind, name, id, undo.

    *total* says that this is a plan over that number of items, all of which the caller has read: thresholds
    apply. Without it the items of creations are looked up; an equal one is "unchanged". *question* is asked
    even if nothing is deleted. Raises Conflict, Refused and Locked before anything is sent.
    """
    from ops.writes import describe
    from ops.writes.impact import impact
    from ops.writes.sending import batches
    from ops.writes.writing import Writing

    changes = tuple(consulted(changes, app.command.path))
    planned = [
        _with_live_item(change, lookup(app, change.resource, change.owner, change.after))
        if total is None and change.action == CREATE and change.after is not None
        else change
        for change in changes
    ]
    for line in describe.lines(planned):
        app.talk.show(line)
    moving = [c for c in impact(app).watched(app.warn, planned) if c.action != UNCHANGED]
    if app.dry:
        simulate(app.run.pretended, planned)
        app.talk.show("dry run: nothing was sent")
        return Rows([describe.row(change, change.before or {}) for change in planned], COLUMNS, "change")
    describe.check(moving, total or 0, force=bool(app.option("force")))
    rows: list[Json] = []
    with Writing(app, expected=len(moving), question=question) as writing:
        writing.lock(moving)
        writing.confirm(moving)
        writing.compare(moving)
        for batch in batches(moving):
            rows += writing.apply(batch)
    made = iter(rows)
    shown = (describe.row(c, c.before or {}) if c.action == UNCHANGED else next(made) for c in planned)
    return Rows(list(shown), COLUMNS, "change")


def make_all(
    app: App,
    changes: Iterable[Change],
    *,
    total: int | None = None,
    question: str = "",
    read_back: bool = False,
) -> Item:
    """Make a stream of *changes* without holding them in memory; the caller reads their items under `hold`.

    Returns the number of changes per action, and the id that undoes them. With *total*, a stream that updates
    or deletes more than the threshold needs --force. *read_back*: the caller reads everything afterwards.
    """
    from ops.writes import describe
    from ops.writes.impact import impact
    from ops.writes.sending import batches
    from ops.writes.writing import Writing

    counts: Counter[str] = Counter()
    changes = consulted_stream(changes, app.command.path)

    def counted(stream: Iterable[Change]) -> Iterator[Change]:
        for change in stream:
            counts[change.action] += 1
            yield change

    if total and not app.option("force"):
        stream = iter(changes)
        first = list(islice(stream, describe.ITEMS + 1))
        describe.check(first, total, force=False)
        changes = chain(first, stream)
    changes, undo = impact(app).watched(app.warn, changes), ""
    if app.dry:
        for _ in counted(changes):
            continue
        app.talk.show(f"dry run: nothing was sent; {describe.count_line(counts) or 'nothing to change'}")
    else:
        with Writing(app, read_again=not read_back, question=question) as writing:
            for batch in batches(change for change in counted(changes) if change.action != UNCHANGED):
                writing.lock(batch)
                writing.confirm(batch)
                writing.apply(batch)
        undo = writing.undo_id
    return Item({**{action: counts[action] for action in (CREATE, UPDATE, DELETE, UNCHANGED)}, "undo": undo})


def lookup(app: App, resource: Resource, owner: Owner, item: Json) -> Json | None:
    """Return the live item with *item*'s identity, or None. In a dry run, simulated changes count.

    Raises MalformedAnswer if it is listed all the same.
    """
    if resource.writes is None:
        raise Refused(f"{resource.kind} is read-only")
    if app.dry:
        known, found = simulated(app.run.pretended, resource, owner, item)
        if known:
            return found
    from ops.writes.sending import find

    writes = resource.writes
    found = find(app.client, writes, owner, item)
    if found is None and writes.is_listed and writes.is_listed(app.client, owner, item):
        raise MalformedAnswer(
            f"{resource.kind} {reach(item, resource.key)} may exist: it was not found, but it is listed",
            hint="run it again in a minute: what was deleted just now may still be listed",
        )
    return found


@contextmanager
def hold(app: App, resource: Resource, owner: Owner) -> Iterator[None]:
    """Hold the lock of *owner* while items are read and written; a dry run takes none. Raises Locked."""
    from ops.files.disk import holder
    from ops.writes.writing import Locks

    me = holder(app.command.path, app.clock())
    with Locks(app.settings.state_dir / "locks", me, app.run.locks) as locks:
        if not app.dry:
            locks.hold(Change(resource, owner, None, None))
        yield


def _with_live_item(change: Change, found: Json | None) -> Change:
    """Return a creation as it is, or as "unchanged" if *found* is equal. Raises Conflict if it differs."""
    from ops.writes import describe

    wanted = change.after or {}
    if found is None:
        return change
    if describe.covers(change.resource, found, wanted):
        return change._replace(before=found, after=found)
    asked = {name: value for name, value in found.items() if name in wanted}
    differences = describe.differences(change._replace(before=asked))
    raise Conflict(
        f"{describe.name(change)} already exists and differs: {differences}",
        hint="nothing was changed; update it, or delete it first",
    )


def simulate(line: list[Change], changes: Iterable[Change]) -> None:
    """Keep *changes* for the later tasks of the *line*, as if they had been made."""
    line += [change for change in changes if change.action != UNCHANGED]


def simulated(line: list[Change], resource: Resource, owner: Owner, item: Json) -> tuple[bool, Json | None]:
    """Return whether the dry run of the *line* has changed *item*, and what would exist now."""
    for change in reversed(line):
        if change.resource.kind != resource.kind or change.owner[:2] != owner[:2]:
            continue
        if change.after is not None and _is_meant(resource, change.after, item):
            return True, change.after
        if change.before is not None and _is_meant(resource, change.before, item):
            return True, None
    return False, None


def _is_meant(resource: Resource, known: Json, item: Json) -> bool:
    """True if *item* names *known*: by its key, else by the identity fields that it has."""
    key = reach(item, resource.key)
    if key and reach(known, resource.key):
        return bool(key == reach(known, resource.key))
    fields = [(field, reach(item, field)) for field in resource.identity]
    given = [(field, value) for field, value in fields if value is not None]
    return bool(given) and all(reach(known, field) == value for field, value in given)
