"""Compare live items with changes, describe changes in words, and ask before them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ops.errors import Refused
from ops.items import Json, equal, reach, timestamp
from ops.kinds.resource import CREATE, DELETE, UNCHANGED, UPDATE, Change, Resource, comparable, same
from ops.ui.cells import readable_size
from ops.ui.questions import confirm, typed_name

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


SHARE = 0.3
ITEMS = 50
# Without them the domain or its mail stops working.
_APEX_TYPES = ("NS", "MX")


def check(changes: Sequence[Change], total: int, *, force: bool) -> None:
    """Raise Refused if *changes*, of *total* items, need *force* and it is not given."""
    if not force and total:
        touched = sum(change.action in (UPDATE, DELETE) for change in changes)
        check_counts(touched, total, map(apex_record, changes))


def check_counts(touched: int, total: int, apex: Iterable[str]) -> None:
    """Raise Refused if *touched* of *total* items are too many, or *apex* names a record of a zone's apex."""
    many = touched > ITEMS or touched > SHARE * total
    reasons = [f"it changes or deletes {touched} of {total} items"] if many else []
    reasons += [f"it changes the {record}" for record in sorted(set(filter(None, apex)))]
    if reasons:
        raise Refused(
            f"this plan needs --force: {'; '.join(reasons)}",
            hint="check it with --dry-run, then apply it with --force",
        )


def apex_record(change: Change) -> str:
    """Return the name of the NS or MX record of the zone's apex that *change* touches; "" for any other."""
    zone = change.owner.item.get("name")
    for side in filter(None, (change.before, change.after)):
        if zone and side.get("type") in _APEX_TYPES and side.get("name") == zone:
            return f"{side['type']} record of {zone}"
    return ""


class Consent:
    """The answers of the user in one task: *yes* to all questions, *names* to deletions by name."""

    def __init__(self, warn: Callable[[str], None], *, yes: bool, names: str, question: str = "") -> None:
        self._warn = warn
        self._yes = yes
        self._names = names
        self._question = question
        # One yes covers everything that the task changes later.
        self._asked = False

    def ask(self, changes: Sequence[Change], question: str = "") -> None:
        """Raise Refused unless the user confirms the deletions of *changes*, and *question* if any."""
        question = question or self._question
        deletions = [change for change in changes if change.action == DELETE]
        by_name = [c for c in deletions if c.resource.writes and c.resource.writes.confirm_by_name]
        for change in by_name:
            self._warn_of_loss(change)
        if len(by_name) > 1 and not self._names and not attended():
            names = ",".join(change.label for change in by_name)
            raise Refused(
                f"not confirmed: {names}", hint=f"there is no terminal to ask on; --confirm {names}"
            )
        for change in by_name:
            typed_name(change.label, given=self._names, terminal=attended())
        if (question or len(deletions) > len(by_name)) and not self._asked:
            for change in deletions:
                self._warn_of_loss(change)
            if not question and len(deletions) == 1:
                question = f"{line(deletions[0])}?"
            question = question or f"delete {len(deletions)} items?"
            confirm(question, assume_yes=self._yes, terminal=attended())
            self._asked = True

    def _warn_of_loss(self, change: Change) -> None:
        writes = change.resource.writes
        deleted = f"this permanently deletes {writes.lost}" if writes and writes.lost else ""
        if loss := (writes and writes.irreversible) or deleted:
            self._warn(f"{name(change)}: {loss}")


def confirm_replacement(file: Path, *, force: bool) -> None:
    """Raise Refused if *file* exists, unless *force* is set or the user confirms that it is replaced."""
    if file.exists() and not force:
        found = file.stat()
        question = f"replace {file} ({readable_size(found.st_size)}, {timestamp(found.st_mtime)})?"
        confirm(question, assume_yes=False, terminal=attended(), option="--force")


def attended() -> bool:
    """True if a person can answer on this terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
