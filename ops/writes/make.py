"""The one road of every write: look, show, ask, lock, note, do, note, look again, say what takes it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ops.errors import Conflict, Refused
from ops.kinds.change import CREATE, DELETE, UNCHANGED, UPDATE, Change
from ops.kinds.resource import reach
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json, Owner, Resource

COLUMNS = ("action", "kind", "name", "id", "undo")


def make(app: App, *changes: Change, total: int | None = None, question: str = "") -> Rows:
    """Make *changes* real, in their order; gives a row for each: action, kind, name, id, undo.

    *total* says that this is a plan over so many items, all of which the caller has looked at: thresholds
    apply. Without it every creation is looked for first: what is there already, and equal, is "unchanged".
    *question* is asked even where nothing is deleted. Raises Conflict, Refused and Locked before anything is
    sent; a failure halfway says what was done.
    """
    from ops.writes import consent, describe
    from ops.writes.sending import batches
    from ops.writes.writing import Writing

    planned = list(changes) if total is not None else [_looked(app, change) for change in changes]
    moving = [change for change in planned if change.action != UNCHANGED]
    for line in describe.lines(planned):
        app.talk.show(line)
    if app.dry:
        return Rows(_rehearsed(app, planned), COLUMNS)
    consent.check(moving, total or 0, force=bool(app.option("force")))
    rows: list[Json] = []
    with Writing(app, expected=len(moving)) as writing:
        writing.lock(moving)
        consent.Consent(app, question).ask(moving)
        for batch in batches(moving):
            rows += writing.carry_out(batch)
    made = iter(rows)
    return Rows([_row(c) if c.action == UNCHANGED else next(made) for c in planned], COLUMNS)


def make_all(
    app: App,
    changes: Iterable[Change],
    *,
    total: int | None = None,
    question: str = "",
    read_back: bool = False,
) -> Item:
    """Make a stream of *changes* real, all of which the caller has looked at, without holding them.

    Gives how many there were of each action, and the id that takes them back. A stream of more updates and
    deletions than the threshold allows needs --force where *total* is given. *read_back* says that the caller
    reads all of it afterwards, so that it need not be looked at here.
    """
    from ops.writes.consent import Consent
    from ops.writes.sending import batches
    from ops.writes.writing import Writing

    counts: Counter[str] = Counter()
    stream = _counted(_guarded(app, changes, total), counts)
    if app.dry:
        for _ in stream:
            continue
        app.talk.show(f"dry run, not done: {_told(counts)}")
        return Item({**_each(counts), "undo": ""})
    consent = Consent(app, question)
    with Writing(app, expected=0, look=not read_back) as writing:
        for batch in batches(change for change in stream if change.action != UNCHANGED):
            writing.lock(batch)
            consent.ask(batch)
            writing.carry_out(batch)
    return Item({**_each(counts), "undo": writing.undo})


def lookup(app: App, resource: Resource, owner: Owner, item: Json) -> Json | None:
    """Give what stands where *item* is or would be; in a dry run, what earlier tasks would have made."""
    if resource.writes is None:
        raise Refused(f"{resource.kind} is read only")
    if app.dry:
        from ops.writes.dry_run import pretended

        known, seen = pretended(app, resource, owner, item)
        if known:
            return seen
    return resource.writes.find(app.client, owner, item)


def _looked(app: App, change: Change) -> Change:
    from ops.writes import describe
    from ops.writes.compare import covers

    if change.action != CREATE or change.after is None:
        return change
    found = lookup(app, change.resource, change.owner, change.after)
    if found is None:
        return change
    if covers(change.resource, found, change.after):
        return change._replace(before=found, after=found)
    told = describe.differences(change._replace(before=found))
    raise Conflict(
        f"{describe.name(change)} is there already, and differs: {told}",
        hint="nothing was changed; update it, or delete it first",
    )


def _rehearsed(app: App, changes: Sequence[Change]) -> list[Json]:
    from ops.writes.dry_run import pretend

    for change in changes:
        pretend(app, change)
    app.talk.show("dry run: nothing was sent")
    return [_row(change) for change in changes]


def _row(change: Change) -> Json:
    known = reach(change.before or {}, change.resource.key) or ""
    return {
        "action": change.action,
        "kind": change.resource.kind,
        "name": change.label,
        "id": known,
        "undo": "",
    }


def _guarded(app: App, changes: Iterable[Change], total: int | None) -> Iterable[Change]:
    """Give *changes* again, after the threshold has been held against as many as it allows."""
    from ops.writes import consent

    if not total or app.option("force"):
        return changes
    stream = iter(changes)
    first = list(islice(stream, consent.ITEMS + 1))
    consent.check(first, total, force=False)
    return chain(first, stream)


def _counted(changes: Iterable[Change], counts: Counter[str]) -> Iterable[Change]:
    for change in changes:
        counts[change.action] += 1
        yield change


def _each(counts: Counter[str]) -> dict[str, Any]:
    return {action: counts[action] for action in (CREATE, UPDATE, DELETE, UNCHANGED)}


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{n} to {action}" for action, n in counts.items()) or "nothing"
