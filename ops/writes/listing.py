"""The journal as rows: what was done, and what stood there before."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ops.kinds.change import Change
from ops.kinds.resource import Owner, Resource
from ops.writes import describe
from ops.writes.journal import FAILED, MADE, Entry
from ops.writes.reversal import why_not

if TYPE_CHECKING:
    from ops.kinds.resource import Json
    from ops.writes.journal import Journal

COLUMNS = ("id", "time", "task", "kind", "name", "action", "state")
DETAILS = ("id", "time", "task", "state", "action", "name", "change")


def rows(entries: Iterable[Entry], kinds: dict[str, Resource]) -> Iterator[Json]:
    """Yield what was done, the newest first; what was refused or not sent has changed nothing."""
    for entry in reversed(list(entries)):
        if entry.state == FAILED:
            continue
        reason = why_not(entry, kinds.get(entry.kind)) if entry.state in MADE else ""
        yield {
            **_told(entry),
            "kind": entry.kind,
            "name": entry.name,
            "action": entry.action,
            "state": state(entry, reason),
            "where": entry.place,
            "account": entry.owner[0],
            "undoes": entry.undoes,
            "why": reason or entry.why,
        }


def details(journal: Journal, entry: Entry, resource: Resource | None) -> Iterator[Json]:
    """Yield each change of *entry*, with what stood before and what stands after it."""
    bare = resource or Resource(kind=entry.kind, parent="", list=lambda _client, _owner: (), identity=())
    reason = why_not(entry, resource) if entry.state in MADE else ""
    for before, after in journal.changes(entry):
        change = Change(bare, Owner(*entry.owner), before, after)
        yield {
            **_told(entry),
            "state": state(entry, reason),
            "action": change.action,
            "kind": entry.kind,
            "name": change.label,
            "change": describe.differences(change),
            "before": _readable(before),
            "after": _readable(after),
            "why": reason or entry.why,
        }


def state(entry: Entry, reason: str) -> str:
    """Give done, undone, unknown, failed, or cannot: done, and for *reason* not to be taken back."""
    if entry.state in MADE:
        return "cannot" if reason else "done"
    return entry.state


def _told(entry: Entry) -> Json:
    return {"id": entry.id, "time": entry.time, "task": entry.task}


def _readable(value: Any) -> Any:
    """Give *value* with bytes as text, or marked as base64 where they are none."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _readable(inside) for name, inside in value.items()}
    return [_readable(inside) for inside in value] if isinstance(value, list) else value
