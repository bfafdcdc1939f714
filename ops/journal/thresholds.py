"""How much one plan may change or delete before it needs --force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.change import DELETE, UPDATE
from ops.errors import Refused

if TYPE_CHECKING:
    from ops.change import Change

SHARE = 0.3
ITEMS = 50
# Without them the domain, or its mail, is gone.
_APEX = ("NS", "MX")


def check(changes: Sequence[Change], total: int, *, force: bool) -> None:
    """Raise Refused where *changes*, of *total* items, go beyond what is done without *force*."""
    if force or not total:
        return
    reasons = [*_many(changes, total), *_at_the_apex(changes)]
    if reasons:
        raise Refused(
            f"this plan goes far: {'; '.join(reasons)}",
            hint="look at it with --dry-run; --force carries it out",
        )


def _many(changes: Sequence[Change], total: int) -> list[str]:
    touched = sum(change.action in (UPDATE, DELETE) for change in changes)
    if touched > ITEMS or touched > SHARE * total:
        return [f"{touched} of {total} items are changed or deleted"]
    return []


def _at_the_apex(changes: Sequence[Change]) -> list[str]:
    return sorted({f"it touches {_type(c)} of {c.owner.item['name']} itself" for c in changes if _apex(c)})


def _apex(change: Change) -> bool:
    zone = change.owner.item.get("name")
    sides = [side for side in (change.before, change.after) if side]
    return bool(zone) and any(side.get("type") in _APEX and side.get("name") == zone for side in sides)


def _type(change: Change) -> str:
    sides = [side for side in (change.before, change.after) if side and side.get("type") in _APEX]
    return str(sides[0]["type"])
