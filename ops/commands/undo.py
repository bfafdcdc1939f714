"""The `undo` collection."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import (
    CredentialsError,
    NetworkError,
    PermissionDenied,
    Refused,
    SystemFailure,
    UsageError,
    UserError,
)
from ops.kinds import catalog
from ops.ui.shapes import CHANGE, KEY, MAIN, STATUS, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Resource
    from ops.writes.journal import Journal, JournalEntry

ID = "of an entry, a task or a whole run, as undo.list shows it"
NEEDS = "the permissions of the task that is undone"
COLUMNS = (
    Column("id", KEY), Column("time", MAIN, TIME), Column("task", MAIN, joins="name"),
    Column("kind", joins="name"),
    Column("name", KEY, wraps=True), Column("action", meaning=CHANGE), Column("state", KEY, STATUS), "where",
)  # fmt: skip
DETAILS = (
    Column("id", KEY), Column("time", MAIN, TIME), Column("task", KEY), Column("state", meaning=STATUS),
    Column("action", meaning=CHANGE), Column("name", MAIN, wraps=True), Column("change", KEY, wraps=True),
)  # fmt: skip
AUDIT = Column("audit.user", MAIN)
AUDITED = 20
"""The entries of a run that are looked up in the audit log, a request each."""


@command("list")
def list_done(app: App) -> Rows:
    """List the changes of this account made from this machine, newest first.

    Their state is done, undone, unknown, or cannot (be undone); `inv sandbox undo.list` lists the sandbox's.

    inv undo.list
    inv undo.list --filter state=unknown --output json
    """
    entries = _here(app, _entries(app))
    if {entry.owner[0] for entry in entries} - {app.settings.account_id or app.last_account}:
        entries = _of(_accounts(app), entries)
    return Rows(rows(entries, catalog.kinds()), COLUMNS, "change")


def rows(entries: Iterable[JournalEntry], kinds: dict[str, Resource]) -> Iterator[Json]:
    """Yield a row for each entry, newest first; what failed has changed nothing and is left out."""
    from ops.writes.journal import FAILED

    for entry in reversed(list(entries)):
        if entry.state == FAILED:
            continue
        state, why = _state(entry, kinds.get(entry.kind))
        more = {"where": entry.host, "account": entry.owner[0], "undoes": entry.undoes, "note": why}
        yield {**{name: getattr(entry, name) for name in COLUMNS[:-2]}, "state": state, **more}


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

    Where the account's audit log can be read, it names the entry that the change left there.

    inv undo.show 3f9c01d2ab-1
    """
    from ops.writes.journal import Journal
    from ops.writes.undo import select

    kinds = catalog.kinds()
    chosen = settled(app, select(_entries(app), id), kinds)
    with Journal(app.settings.state_dir / "journal") as journal:
        audited = _audited(app, chosen)
        shown = [
            {**row, "audit": audited.get(entry.id)}
            for entry in chosen
            for row in details(journal, entry, kinds.get(entry.kind))
        ]
    named = any(isinstance(one, dict) for one in audited.values())
    return Rows(shown, (*DETAILS, *((AUDIT,) if named else ())), "change")


def _audited(app: App, entries: list[JournalEntry]) -> dict[str, Json | str]:
    """Return the audit log's entry of each of *entries* that has one, by its id.

    If the log cannot be read, it is "unavailable" for all of them, because that proves nothing.
    """
    from ops.items import seconds_of, timestamp
    from ops.products.audit.api import entry_of_ray

    found: dict[str, Json | str] = {}
    asked = [one for one in entries if one.ray and one.host == app.settings.api_host][:AUDITED]
    for entry in asked:
        made = seconds_of(entry.time)
        since, before = timestamp(made - 300), timestamp(made + 3600)
        try:
            audited = entry_of_ray(app.client, entry.owner[0], entry.ray, since=since, before=before)
        except (UserError, SystemFailure, NetworkError) as error:
            app.note(f"the audit log was not read: {error.message}")
            return {one.id: "unavailable" for one in asked}
        if audited is not None:
            names = ("time", "user", "action", "address")
            found[entry.id] = {"id": audited["entry"].get("id"), **{name: audited[name] for name in names}}
    return found


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
    """Undo the last task that can be undone and was not, after asking; run it twice to undo the last two.

    If a later task changed nothing, it says so, and --yes does not choose the older change.

    inv undo.last
    inv undo.last --dry-run
    """
    from ops.writes.undo import last, undo_entries

    kinds, accounts = catalog.kinds(), _accounts(app)
    entries = _of(accounts, _here(app, _entries(app)))
    chosen = last(entries, kinds)
    made = f"{chosen[0].task} of {chosen[0].time}"
    if later := _later(app, chosen[0], entries, accounts):
        if app.option("yes") and not app.dry:
            hint = f"`inv undo.apply {chosen[0].group}` undoes it"
            raise Refused(f"{later}; the change before it is {made}", hint=hint)
        app.warn(f"{later}; this is the change before it")
    app.note(f"undoing {made} ({chosen[0].group})")
    return undo_entries(app, chosen, kinds, question=f"undo {made}?")


def _later(app: App, chosen: JournalEntry, entries: list[JournalEntry], accounts: AbstractSet[str]) -> str:
    """Return that the last task made no change that can be undone, if it ran after *chosen*; else ""."""
    from ops.telemetry.audit import AuditLog
    from ops.writes.journal import FAILED, UNDONE

    line = None
    for one in AuditLog(app.settings.state_dir).lines():
        same_account = not accounts or not one["account"] or one["account"] in accounts
        if one["where"] == app.settings.api_host and same_account and not one["task"].startswith("undo."):
            line = one
    if line is None or line["time"] < chosen.time or line.get("id") == chosen.group:
        return ""
    states = {entry.state for entry in entries if entry.group == line.get("id")} - {FAILED}
    if states == {UNDONE}:
        return ""
    result = "cannot be undone" if states else "changed nothing"
    return f"the last task, {line['task']} of {line['time']}, {result}"


@command("apply", required=("id",), writes=True, guards=("confirm",), needs=NEEDS, help={"id": ID})
def undo_apply(app: App, id: str = "") -> Rows:
    """Undo an entry, a task or a whole run, the last change first, unless an item has changed since.

    inv undo.apply 3f9c01d2ab-1
    inv undo.apply 3f9c01d2ab --dry-run
    """
    from ops.writes.undo import select, undo_entries

    chosen = select(_entries(app), id)
    accounts = _accounts(app)
    foreign = (e for e in _here(app, chosen) if accounts and e.owner[0] not in accounts)
    if entry := next(foreign, None):
        account = entry.owner[0]
        raise UsageError(
            f"{entry.id} was made in the account {account}, and this line works on another",
            hint=f"`inv undo.apply {id} --account-id {account}`, with a token of that account",
        )
    return undo_entries(app, chosen, catalog.kinds())


def _here(app: App, entries: list[JournalEntry]) -> list[JournalEntry]:
    return [entry for entry in entries if entry.host == app.settings.api_host]


def _of(accounts: AbstractSet[str], entries: list[JournalEntry]) -> list[JournalEntry]:
    return [entry for entry in entries if not accounts or entry.owner[0] in accounts]


def _accounts(app: App) -> AbstractSet[str]:
    """Return the account in force, or those that the token can see; none if that cannot be read."""
    from ops.products.accounts import api

    if app.settings.account_id:
        return {app.settings.account_id}
    # A token may see no account and still work in one; without an answer, those of this server are shown.
    with suppress(CredentialsError, PermissionDenied, NetworkError):
        return {str(account["id"]) for account in api.list_accounts(app.client)}
    return set()


def _entries(app: App) -> list[JournalEntry]:
    from ops.writes.journal import Journal

    with Journal(app.settings.state_dir / "journal") as journal:
        entries = list(journal.entries().values())
        if journal.torn:
            app.note("the last line of the journal was cut by a crash and is left out")
    return entries
