"""Compare live items with changes, and describe changes in words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.items import equal, reach
from ops.kinds.resource import CREATE, DELETE, UNCHANGED, comparable, same

if TYPE_CHECKING:
    from ops.items import Json
    from ops.kinds.resource import Change, Resource

EMPTY: tuple[object, ...] = (None, "", [], {})
"""Values that the API uses interchangeably for a field without a value."""

LINES = 20
WIDTH = 60


def covers(resource: Resource, found: Json, wanted: Json) -> bool:
    """True if *found* has every field of *wanted*; the API adds further fields of its own."""
    return _within(comparable(resource, wanted), comparable(resource, found))


def is_applied(change: Change, found: Json | None) -> bool:
    """True if the live item *found* is the result of *change*."""
    resource, _, before, after = change
    if after is None or found is None:
        return after is found
    removed = comparable(resource, before or {}).keys() - after.keys()
    return covers(resource, found, after) and all(found.get(field) in EMPTY for field in removed)


def is_untouched(change: Change, found: Json | None) -> bool:
    """True if the live item *found* is the state before *change*."""
    if change.before is None or found is None:
        return change.before is found
    return same(change.resource, change.before, found)


def moved(change: Change, found: Json | None) -> str:
    """Return how the live item *found* differs from the state before *change*, if it is not as wanted; or "".

    A listing may have fields that a lookup lacks, so of assembled kinds only common fields count.
    """
    resource, before = change.resource, change.before
    if before is None:
        return f"{name(change)} exists now" if found is not None else ""
    if found is not None and resource.restore.assemble:
        before = {field: before[field] for field in before if field in found}
        found = {field: found[field] for field in found if field in before}
    if is_applied(change, found) or is_untouched(change._replace(before=before), found):
        return ""
    if found is None:
        return f"{name(change)} no longer exists"
    since = differences(change._replace(before=before, after=found))
    return f"{name(change._replace(after=change.after or before))}: {since}" if since else ""


def _within(wanted: Any, found: Any) -> bool:
    if wanted in EMPTY and found in EMPTY:
        return True
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_within(value, found.get(name)) for name, value in wanted.items())
    return equal(wanted, found)


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each of the first changes that change something, then a count of the others."""
    moving = [change for change in changes if change.action != UNCHANGED]
    yield from map(line, moving[:LINES])
    if len(moving) > LINES:
        yield f"… and {count_line(Counter(change.action for change in moving[LINES:]))}"
    for change in changes[:LINES] if not moving else ():
        yield f"unchanged {name(change)}: nothing to change"


def line(change: Change) -> str:
    """Return *change* in one line."""
    fields = differences(change) if change.action != DELETE else ""
    return f"{change.action} {name(change)}{f': {fields}' if fields else ''}"


def row(change: Change, item: Json, undo: str = "") -> Json:
    """Return the row of *change*: action, kind, name, the key of *item* ("" if it has none), undo."""
    key, kind = reach(item, change.resource.key) or "", change.resource.kind
    return {"action": change.action, "kind": kind, "name": change.label, "id": key, "undo": undo}


def differences(change: Change) -> str:
    """Return the fields that *change* changes, each with the old and the new value."""
    fields = (d for d in change.differences() if d[1] not in EMPTY or d[2] not in EMPTY)
    return ", ".join(
        f"{field} {_short(new)}" if change.action == CREATE else f"{field} {_short(old)} → {_short(new)}"
        for field, old, new in fields
    )


def name(change: Change) -> str:
    """Return the kind and the label of the item; for a deletion the content too, if it has one."""
    item, kind = change.item, change.resource.kind
    kind = f"{item['type']} record" if kind.endswith(".record") and "type" in item else kind
    content = reach(item, "content")
    more = f" {_short(content)}" if isinstance(content, str) and change.action == DELETE else ""
    return f"{kind} {change.label}{more}"


def count_line(counts: Counter[str]) -> str:
    """Return the number of changes per action: "3 to create, 1 to delete"."""
    return ", ".join(f"{n} to {action}" for action, n in counts.items())


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = value if isinstance(value, str) else json.dumps(_without_bytes(value), ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text):,} characters)"


def _without_bytes(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, dict):
        return {name: _without_bytes(inside) for name, inside in value.items()}
    return [_without_bytes(inside) for inside in value] if isinstance(value, list | tuple) else value
