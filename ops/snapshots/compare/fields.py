"""Fields: in what two states of one item differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ops.kinds.change import equal
from ops.kinds.resource import Json

Field = tuple[str, Any, Any]


def differences(old: Json, new: Json, moved: Mapping[str, str], prefix: str = "") -> Iterator[Field]:
    """Yield (field, old, new) in the order of the fields' names; dots reach inside, a list is one value.

    A field that is null and one that is not there are the same: the API adds fields as it grows. *moved*
    gives the new id of what was made anew, so that a reference that follows it is no difference.
    """
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, moved, f"{prefix}{name}.")
        elif not same(before, after, moved):
            yield prefix + name, before, after


def same(old: Any, new: Any, moved: Mapping[str, str]) -> bool:
    """Say whether two values are equal as JSON, ids that have *moved* aside."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(same(old.get(name), new.get(name), moved) for name in old.keys() | new.keys())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(lambda a, b: same(a, b, moved), old, new))
    if isinstance(old, str) and isinstance(new, str):
        return old == new or moved.get(old) == new
    return equal(old, new)
