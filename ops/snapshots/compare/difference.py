"""Difference: one item that differs between two sides, or a part of the account that cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ops.items import Json, equal
from ops.snapshots.compare.side import ABSENT
from ops.snapshots.manifest import COMPLETE, SKIPPED, Section

CREATED, DELETED, CHANGED, UNKNOWN = "created", "deleted", "changed", "unknown"

Field = tuple[str, Any, Any]


class Difference(NamedTuple):
    """One item that differs between two sides, or a part of the account that cannot be compared.

    *scope* is the name of the parent, "" for the account; *fields* are those that changed; *before* and
    *after* are the item without its volatile fields; *ids* are the ids and names of the item, *owners* those
    of its parent. Of an unknown part, *fields* holds the status on each side, and *reason* says why.
    """

    kind: str
    scope: str
    change: str
    name: str
    fields: tuple[Field, ...] = ()
    before: Json | None = None
    after: Json | None = None
    ids: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    reason: str = ""


def unknown(kind: str, scope: str, old: Section, new: Section) -> Difference:
    """Return the difference for *kind* in *scope* that one of two sections does not hold completely."""
    reason = " / ".join(dict.fromkeys(filter(None, (old.reason, new.reason))))
    return Difference(kind, scope, UNKNOWN, "", (("", old.status, new.status),), reason=reason)


def one_sided(kind: str, *, held_by_old: bool) -> Difference:
    """Return the difference for a *kind* that only one side holds."""
    statuses = ("", COMPLETE, ABSENT) if held_by_old else ("", ABSENT, COMPLETE)
    return Difference(kind, "", UNKNOWN, "", (statuses,), reason="not in the snapshot")


def whole(old: Section, new: Section) -> bool:
    """True if two sections can be compared completely; so can two that hold only the requested items."""
    if old.status == new.status == SKIPPED and old.count and new.count:
        return True
    return old.status == new.status == COMPLETE


def fields(old: Json, new: Json, prefix: str = "") -> Iterator[Field]:
    """Yield (field, old, new) in the order of the fields' names; dots reach inside, a list is one value.

    A field that is null equals one that is missing, because the API adds fields as it grows.
    """
    for name in sorted(old if old.keys() == new.keys() else old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from fields(before, after, f"{prefix}{name}.")
        elif before != after if isinstance(before, str) else not _same(before, after):
            yield prefix + name, before, after


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return all(_same(old.get(name), new.get(name)) for name in old.keys() | new.keys())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return equal(old, new)
