"""Whether what stands is what was wanted: the API adds fields, and says nothing in several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.kinds.change import comparable, equal, same

if TYPE_CHECKING:
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Resource

NOTHING: tuple[object, ...] = (None, "", [], {})


def covers(resource: Resource, found: Json, wanted: Json) -> bool:
    """Say whether *found* has every field of *wanted* as it is there; further fields are the API's own."""
    return _within(comparable(resource, wanted), comparable(resource, found))


def stands(change: Change, found: Json | None) -> bool:
    """Say whether *found* is what *change* was to lead to."""
    resource, _, before, after = change
    if after is None or found is None:
        return after is found
    dropped = comparable(resource, before or {}).keys() - after.keys()
    return covers(resource, found, after) and all(found.get(field) in NOTHING for field in dropped)


def untouched(change: Change, found: Json | None) -> bool:
    """Say whether *found* is what stood before *change*."""
    resource, _, before, _ = change
    if before is None or found is None:
        return before is found
    return same(resource, before, found)


def _within(wanted: Any, found: Any) -> bool:
    if wanted in NOTHING and found in NOTHING:
        return True
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_within(value, found.get(name)) for name, value in wanted.items())
    return equal(wanted, found)
