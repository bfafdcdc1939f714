"""How much one plan may change or delete before it needs --force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.kinds.change import DELETE, UPDATE

if TYPE_CHECKING:
    from ops.kinds.change import Change

SHARE = 0.3
ITEMS = 50
# Without them the domain, or its mail, is gone.
_APEX = ("NS", "MX")


def check(changes: Sequence[Change], total: int, *, force: bool) -> None:
    """Raise Refused where *changes*, of *total* items, go beyond what is done without *force*."""
    if not force and total:
        touched = sum(change.action in (UPDATE, DELETE) for change in changes)
        refuse(touched, total, filter(None, map(at_the_apex, changes)))


def refuse(touched: int, total: int, apex: Iterable[str]) -> None:
    """Raise Refused where *touched*, of *total* items, are too many, or any is at the *apex*."""
    many = touched > ITEMS or touched > SHARE * total
    reasons = [f"{touched} of {total} items are changed or deleted"] if many else []
    if reasons := [*reasons, *sorted(set(apex))]:
        raise Refused(
            f"this plan goes far: {'; '.join(reasons)}",
            hint="look at it with --dry-run; --force carries it out",
        )


def at_the_apex(change: Change) -> str:
    """Say which record of the zone itself *change* touches; "" for any other."""
    zone = change.owner.item.get("name")
    for side in filter(None, (change.before, change.after)):
        if zone and side.get("type") in _APEX and side.get("name") == zone:
            return f"it touches {side['type']} of {zone} itself"
    return ""
