"""`history`: how an item changed over the kept snapshots, by whom, and how to undo one of the changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import (
    CredentialsError,
    NetworkError,
    NotFound,
    OpsError,
    Refused,
    UsageError,
    did_you_mean,
)
from ops.items import reach
from ops.ui.shapes import CHANGE, KEY, LOW, MAIN, TIME, Bytes, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource
    from ops.snapshots.compare.side import Difference
    from ops.snapshots.history import Event, Wanted
    from ops.snapshots.library import Library
    from ops.snapshots.snapshot import Snapshot

COLUMNS = (
    Column("n", KEY), Column("time", MAIN, TIME), Column("change", KEY, CHANGE), Column("in", LOW),
    Column("name", MAIN), Column("what", KEY, wraps=True), Column("user", MAIN), Column("snapshot", LOW),
)  # fmt: skip
RAW = ("n", "time", "snapshot", "kind", "in", "change", "name", "field", "old", "new", "user", "id", "note")
ZONE = "zones.zone"


@command(
    "history",
    required=("kind",),
    positional=("kind", "name"),
    needs="none; Account > Account Settings > Read names who made the changes",
    help={
        "kind": "the kind of the item, e.g. dns.record, zones.setting, workers.route",
        "name": "its name or id; in a zone, www is enough for www.example.com",
        "zone": "the zone that it belongs to: domain or id",
        "parent": "what else it belongs to: the script or namespace, by name or id",
        "patch": "print unified text, for a pager",
        "undo": "show the plan that undoes change N of the list; nothing is sent",
        "from_": "s3://BUCKET/PREFIX: search the snapshots in that bucket, which are fetched",
        "identity": "file with the age secret key of encrypted snapshots, which are left out otherwise",
        "passphrase_file": "file with the passphrase of encrypted snapshots",
    },
)
def show_history(
    app: App,
    kind: str = "",
    name: str = "",
    zone: str = "",
    parent: str = "",
    patch: bool = False,
    undo: int = 0,
    from_: str = "",
    identity: str = "",
    passphrase_file: str = "",
) -> Rows | None:
    """Show when an item was created, changed and deleted, field by field, over all kept snapshots.

    A change is found between two snapshots. What a partial snapshot lacks is unknown, not deleted.

    inv history dns.record --zone example.com --name www
    inv history zones.setting ssl --zone example.com --patch
    inv history workers.settings --parent api-gateway
    """
    from ops.kinds.catalog import kinds
    from ops.offsite.library import open_library
    from ops.snapshots.compare.report import unified
    from ops.snapshots.compare.side import UNKNOWN
    from ops.snapshots.history import events, moments

    wanted = _wanted(kind, name, zone, parent)
    kept = _opened(app, open_library(app, from_), identity, passphrase_file)
    found = list(events(moments(kept, wanted, kinds()), wanted, _parents(wanted.resource)))
    if all(event.difference.change == UNKNOWN for event in found):
        hint = (
            f"`inv snapshots.show` shows what snapshots hold{'; --zone and --parent narrow it' * (not zone)}"
        )
        raise NotFound(f"no {kind} called {name or zone or parent!r} is in {len(kept)} snapshots", hint=hint)
    if undo:
        _show_plan(app, found, undo)
    elif patch:
        app.show(Bytes(unified(event.difference for event in found)))
    else:
        app.show(Rows(_rows(app, found), COLUMNS if app.for_people else RAW, "change"))
    return None


def _wanted(kind: str, name: str, zone: str, parent: str) -> Wanted:
    """Return what the options describe. Raises UsageError."""
    from ops.kinds.catalog import resources
    from ops.snapshots.history import Wanted

    known = {resource.kind: resource for resource in resources()}
    resource = known.get(kind)
    if resource is None:
        raise UsageError(
            f"no kind is called {kind!r}", hint=did_you_mean(kind, known) or "`inv scan` lists them"
        )
    if zone and resource.parent != ZONE:
        raise UsageError(f"{kind} does not belong to a zone", hint="--parent names what it belongs to")
    if not name and resource.identity:
        raise UsageError("history needs --name", hint=f"the name or the id of a {kind}")
    parents = tuple(filter(None, (zone, parent)))
    full = f"{name}.{zone}" if name not in ("", "@") and zone else ""
    names = tuple(dict.fromkeys(filter(None, (zone if name == "@" else name, full))))
    return Wanted(resource, names, parents)


def _opened(app: App, library: Library, identity: str, passphrase_file: str) -> list[Snapshot]:
    """Return the kept snapshots that can be read, oldest first; name those that cannot."""
    opened: list[Snapshot] = []
    sealed = 0
    for entry in reversed(library.all()):
        if entry.failure is not None:
            app.warn(f"{entry.name} is not searched: {entry.failure.message}")
        elif entry.sealed and not (identity or passphrase_file):
            sealed += 1
        else:
            try:
                snapshot = library.open(entry, app.settings.state_dir, identity, passphrase_file)
            except OpsError as error:
                app.warn(f"{entry.name} is not searched: {error.message}")
                continue
            app.run.endings.append(snapshot.close)
            opened.append(snapshot)
    if sealed:
        app.warn(f"{sealed} encrypted snapshots are not searched: --identity opens them")
    if not opened:
        raise NotFound(
            f"{library.where} has no snapshot that can be searched", hint="`inv scan.export` creates one"
        )
    return opened


def _parents(resource: Resource) -> Callable[[Snapshot, str], str]:
    """Return a function that finds the name of a parent by its id in a snapshot."""
    from ops.kinds.catalog import kinds
    from ops.snapshots.history import search

    parent = kinds().get(resource.parent)
    known: dict[str, str] = {}

    def name(snapshot: Snapshot, id: str) -> str:
        if parent is None:
            return ""
        if id not in known:
            items = (item for _, item in search(snapshot, parent, (id,), None))
            found = next((item for item in items if reach(item, parent.key) == id), {})
            known[id] = str(reach(found, parent.label) or id)
        return known[id]

    return name


def _rows(app: App, found: Sequence[Event]) -> Iterator[Json]:
    """Yield a row for each changed field, created, deleted or unknown item; oldest first."""
    from ops.snapshots.compare import report
    from ops.snapshots.compare.side import CREATED
    from ops.snapshots.history import SEEN

    who = _authors(app, found)
    for number, event in enumerate(found, 1):
        user = who(event)
        # To a report, an item that was seen first is one that was created.
        difference = event.difference
        known = difference._replace(change=CREATED) if difference.change == SEEN else difference
        for row in report.rows([known]):
            facts = {"n": number, "time": event.after.manifest.started, "snapshot": event.after.name}
            shown = {**facts, **{name: row[name] for name in (*RAW, "item") if name in row}, "user": user}
            if app.for_people:
                shown["what"] = _described(row)
            yield {**shown, "change": difference.change}


def _described(row: Json) -> str:
    """Return what a row is about: the field with both values, or the fields of the whole item."""
    from ops.kinds.catalog import kinds
    from ops.kinds.resource import Change, Owner
    from ops.snapshots.compare import report
    from ops.writes.describe import differences

    if row["item"] is None:
        return str(report.for_people({**row, "name": row["name"] or "?"})["what"])
    return differences(Change(kinds()[row["kind"]], Owner("", "", {}), None, row["item"]))


def _authors(app: App, found: Sequence[Event]) -> Callable[[Event], str]:
    """Return a function that names who made a change: by our journal, else by the audit log if it answers."""
    from ops.kinds.catalog import kinds
    from ops.snapshots.compare.side import CHANGED, CREATED, DELETED
    from ops.writes.authors import Authors, known_at

    before = [event.before for event in found if event.before]
    account, since = (
        found[0].after.manifest.account_id,
        min((one.manifest.oldest_read for one in before), default=""),
    )
    ours = Authors(app.settings.state_dir / "journal", kinds(), account, since)
    reachable = [True]

    def author(event: Event) -> str:
        difference, before = event.difference, event.before
        if before is None or difference.change not in (CREATED, CHANGED, DELETED):
            return ""
        if entry := ours.of(difference, before, event.after):
            return f"{entry.task} ({entry.id})"
        return _audited(app, difference, known_at(before, difference), event.after, reachable)

    return author


def _audited(app: App, difference: Difference, since: str, after: Snapshot, reachable: list[bool]) -> str:
    """Return who made *difference* by the account's audit log; "" if that has no entry or cannot be read."""
    from ops.kinds import catalog
    from ops.snapshots.compare.report import Blame

    if not reachable[0]:
        return ""
    account, until = after.manifest.account_id, after.manifest.ended

    def failed(text: str) -> None:
        reachable[0] = False
        app.note(text)

    try:
        read = (one for history in catalog.histories() for one in history(app.client, account, since, until))
        found = Blame(lambda: read, failed).of(difference)
    except (CredentialsError, NetworkError) as error:
        failed(f"the audit log was not read: {error.message}")
        return ""
    return found.actor if found else ""


def _show_plan(app: App, found: Sequence[Event], number: int) -> None:
    """Show the plan that undoes change *number*: a restore of the item to what the snapshot before it holds.

    Raises UsageError for what is not a change, Refused if a restore cannot undo it.
    """
    from shlex import quote

    from ops.commands.snapshots.restore import show_restore
    from ops.restore.filter import read_filter
    from ops.snapshots.compare.side import CREATED

    event = _undoable(found, number)
    difference, before = event.difference, event.before
    assert before is not None  # noqa: S101 (what was created, changed or deleted has a snapshot before it)
    created = difference.change == CREATED
    zones, items = _whose(difference)
    later = [n for n, one in enumerate(found[number:], number + 1) if _is_of(one.difference, difference)]
    if later:
        app.warn(f"later changes of it are undone as well: {', '.join(map(str, later))}")
    try:
        filter = read_filter((difference.kind,), zones, (), items)
        steps = show_restore(app, before, filter, delete=created)
    except NotFound as error:
        raise Refused(f"change {number} cannot be undone by a restore: {error.message}") from None
    if not steps:
        hint = f"`inv --list {difference.kind.partition('.')[0]}` shows the tasks that change it"
        raise Refused(f"there is nothing that a restore can undo of change {number}", hint=hint)
    options = [f"--kind {difference.kind}", *(f"--zone {quote(zone)}" for zone in zones)]
    options += [f"--item {quote(item)}" for item in items]
    options += ["--delete"] * created
    app.note(f"to apply: `inv snapshots.restore --name {quote(before.where)} {' '.join(options)}`")


def _undoable(found: Sequence[Event], number: int) -> Event:
    """Return change *number* of the list. Raises UsageError if there is nothing to undo."""
    from ops.snapshots.compare.side import UNKNOWN
    from ops.snapshots.history import SEEN

    if not 0 < number <= len(found):
        raise UsageError(f"--undo {number} is not in the list", hint=f"--undo takes 1 to {len(found)}")
    event = found[number - 1]
    where = event.after.name
    if event.difference.change == UNKNOWN:
        why = f"{where} could not read it, so nothing is known to have changed"
    elif event.difference.change == SEEN:
        why = f"{where} is the first that has it, and none before proves that it did not exist"
    else:
        return event
    raise UsageError(f"change {number} cannot be undone: {why}", hint="choose one that is a change")


def _whose(difference: Difference) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the zone and the item of *difference*, as a restore selects them.

    The only item of a parent other than a zone is selected by the parent.
    """
    from ops.kinds.catalog import kinds

    resource = kinds()[difference.kind]
    zones = (difference.scope,) if resource.parent == ZONE else ()
    alone = "" if zones else difference.scope
    items = (_key_before(difference) if resource.identity else alone,)
    return zones, tuple(filter(None, items))


def _key_before(difference: Difference) -> str:
    """Return the key that the item had before the change: what was created again has another one now."""
    now = next(iter(difference.ids), difference.name)
    return next((str(old) for field, old, new in difference.fields if (field, new) == ("id", now)), now)


def _is_of(later: Difference, difference: Difference) -> bool:
    """True if *later* is a change of the item that *difference* is about."""
    return later.owners == difference.owners and _key_before(later) in difference.ids[:1]
