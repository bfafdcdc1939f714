"""Change: one difference between what is and what shall be; it can be shown, refused, made and undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.kinds.resource import reach

if TYPE_CHECKING:
    from ops.kinds.resource import Json, Owner, Resource

CREATE, UPDATE, DELETE, UNCHANGED = "create", "update", "delete", "unchanged"


class Change(NamedTuple):
    """What becomes of one item: *before* is what stands now, *after* what shall stand; None is nothing."""

    resource: Resource
    owner: Owner
    before: Json | None
    after: Json | None

    @property
    def action(self) -> str:
        if self.before is None:
            return CREATE if self.after is not None else UNCHANGED
        if self.after is None:
            return DELETE
        return UNCHANGED if same(self.resource, self.before, self.after) else UPDATE

    @property
    def item(self) -> Json:
        """Give the item as people know it: what it becomes, or what it was."""
        return self.after if self.after is not None else self.before or {}

    @property
    def label(self) -> str:
        """Give what people know the item by."""
        return str(reach(self.item, self.resource.label) or reach(self.item, self.resource.key) or "")

    def undone(self) -> Change:
        """Give the change that takes this one back."""
        return self._replace(before=self.after, after=self.before)

    def differences(self) -> Iterator[tuple[str, object, object]]:
        """Yield (field, old, new) for each field that is not the same, in the order of their names."""
        old = comparable(self.resource, self.before or {})
        new = comparable(self.resource, self.after or {})
        for field in sorted(old.keys() | new.keys()):
            if not equal(old.get(field), new.get(field)):
                yield field, old.get(field), new.get(field)


def same(resource: Resource, one: Json, other: Json) -> bool:
    """Say whether two items differ in nothing but what changes by itself or cannot be set."""
    return equal(comparable(resource, one), comparable(resource, other))


def equal(one: Any, other: Any) -> bool:
    """Say whether two values are the same as JSON: to Python, true is 1."""
    if bool(one != other):
        return False
    if isinstance(one, dict):
        return all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return all(map(equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool)


def comparable(resource: Resource, item: Json) -> Json:
    """Give *item* without what changes by itself and what the API alone sets, lists in an order of our own
    where theirs says nothing.
    """
    compare = resource.compare
    kept = without(
        compare.canonical(item) if compare.canonical else item, compare.volatile + compare.read_only
    )
    for field in resource.compare.unordered:
        if isinstance(kept.get(field), list):
            kept[field] = sorted(kept[field], key=lambda one: json.dumps(one, sort_keys=True))
    return kept


def without(item: Json, fields: Iterable[str]) -> Json:
    """Give a copy of *item* that lacks *fields*, dots reaching inside."""
    kept = dict(item)
    for field in fields:
        first, dot, rest = field.partition(".")
        if not dot:
            kept.pop(first, None)
        elif isinstance(kept.get(first), dict):
            kept[first] = without(kept[first], (rest,))
    return kept
