"""The `undo` collection."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.kinds import catalog
from ops.ui.shapes import CHANGE, KEY, LOW, MAIN, STATUS, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource
    from ops.writes.journal import Journal, JournalEntry

ID = "of an entry, a task or a whole run, as undo.list shows it"
NEEDS = "the permissions of the task that is undone"
COLUMNS = (
    Column("id", KEY), Column("time", MAIN, TIME), Column("task", KEY), Column("kind", LOW),
    Column("name", MAIN), Column("action", meaning=CHANGE), Column("state", KEY, STATUS),
)  # fmt: skip
DETAILS = (
    Column("id", KEY), Column("time", MAIN, TIME), Column("task", KEY), Column("state", meaning=STATUS),
    Column("action", meaning=CHANGE), Column("name", MAIN), Column("change", KEY),
)  # fmt: skip


@command("list")
def list_done(app: App) -> Rows:
    """List the changes made from this machine, newest first: done, undone, unknown, or cannot (be undone).

    inv undo.list
    inv undo.list --filter state=unknown --output json
    """
    return Rows(rows(_entries(app), catalog.kinds()), COLUMNS, "change")


def rows(entries: Iterable[JournalEntry], kinds: dict[str, Resource]) -> Iterator[Json]:
    """Yield a row for each entry, newest first; what failed has changed nothing and is left out."""
    from ops.writes.journal import FAILED

    for entry in reversed(list(entries)):
        if entry.state == FAILED:
            continue
        state, why = _state(entry, kinds.get(entry.kind))
        more = {"where": entry.host, "account": entry.owner[0], "undoes": entry.undoes, "note": why}
        yield {**{name: getattr(entry, name) for name in COLUMNS}, "state": state, **more}


def _state(entry: JournalEntry, resource: Resource | None) -> tuple[str, str]:
    from ops.writes.journal import APPLIED
    from ops.writes.reversal import why_not

    if entry.state not in APPLIED:
        return entry.state, entry.why
    reason = why_not(entry, resource)
    return "cannot" if reason else "done", reason or entry.why


@command("show", required=("id",), needs=NEEDS, help={"id": ID})
def show_done(app: App, id: str = "") -> Rows:
    """Show each change with the item before and after it; an unknown outcome is looked up and noted.

    inv undo.show --id 3f9c01d2ab-1
    """
    from ops.writes.journal import Journal
    from ops.writes.undo import select

    kinds = catalog.kinds()
    chosen = settled(app, select(_entries(app), id), kinds)
    with Journal(app.settings.state_dir / "journal") as journal:
        shown = [row for entry in chosen for row in details(journal, entry, kinds.get(entry.kind))]
    return Rows(shown, DETAILS, "change")


def settled(app: App, chosen: list[JournalEntry], kinds: dict[str, Resource]) -> list[JournalEntry]:
    """Return *chosen*, with unknown outcomes looked up if they were made on this host."""
    from ops.writes.journal import UNKNOWN
    from ops.writes.reversal import settle
    from ops.writes.writing import Writing

    host = app.settings.api_host
    if not any(entry.state == UNKNOWN and entry.host == host for entry in chosen):
        return chosen
    with Writing(app) as writing:
        return [
            settle(app.client, writing, entry, kinds[entry.kind])
            if entry.kind in kinds and entry.host == host
            else entry
            for entry in chosen
        ]


def details(journal: Journal, entry: JournalEntry, resource: Resource | None) -> Iterator[Json]:
    """Yield each change of *entry*, with the item before and after it."""
    from ops.kinds.resource import Change, Owner, Resource
    from ops.writes import describe

    known = resource or Resource(kind=entry.kind, parent="", identity=())
    state, why = _state(entry, resource)
    for before, after in journal.changes(entry):
        change = Change(known, Owner(*entry.owner), before, after)
        yield {
            **{name: getattr(entry, name) for name in ("id", "time", "task")},
            "state": state,
            "action": change.action,
            "kind": entry.kind,
            "name": change.label,
            "change": describe.differences(change),
            "before": _readable(before),
            "after": _readable(after),
            "note": why,
        }


def _readable(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _readable(inside) for name, inside in value.items()}
    return [_readable(inside) for inside in value] if isinstance(value, list) else value


@command("last", writes=True, guards=("confirm",), needs=NEEDS)
def undo_last(app: App) -> Rows:
    """Undo the last task that can be undone and was not; run it twice to undo the last two.

    inv undo.last
    inv sandbox undo.last --dry-run
    """
    from ops.writes.undo import last, undo_entries

    kinds = catalog.kinds()
    chosen = last(_entries(app), kinds, app.settings.api_host)
    app.note(f"undoing {chosen[0].task} of {chosen[0].time} ({chosen[0].group})")
    return undo_entries(app, chosen, kinds)


@command("apply", required=("id",), writes=True, guards=("confirm",), needs=NEEDS, help={"id": ID})
def undo_apply(app: App, id: str = "") -> Rows:
    """Undo an entry, a task or a whole run, the last change first, unless an item has changed since.

    inv undo.apply --id 3f9c01d2ab-1
    inv undo.apply --id 3f9c01d2ab --dry-run
    """
    from ops.writes.undo import select, undo_entries

    return undo_entries(app, select(_entries(app), id), catalog.kinds())


def _entries(app: App) -> list[JournalEntry]:
    from ops.writes.journal import Journal

    with Journal(app.settings.state_dir / "journal") as journal:
        entries = list(journal.entries().values())
        if journal.torn:
            app.note("the last line of the journal was cut by a crash and is left out")
    return entries
