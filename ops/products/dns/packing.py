"""The order of a plan's changes: what belongs together goes out in one transaction.

The API carries a batch out as deletes, patches, puts, posts, so a CNAME may become an A in one batch,
however the changes of one name are ordered. Names are packed whole into batches of 200: those with most
changes first, so that single ones fill what they leave. What makes the zone grow comes last, since a zone
that is full needs room.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from ops.kinds.change import CREATE, DELETE, UPDATE, Change
from ops.products.dns.names import name_of
from ops.products.dns.writes import BATCH

_ORDER = (DELETE, UPDATE, CREATE)


def packed(changes: Iterable[Change], size: int = BATCH) -> list[Change]:
    """Give *changes* so that cutting them every *size* cuts no name in two, where it can be helped."""
    waiting = deque(_groups(changes))
    ordered: list[Change] = []
    while waiting:
        room = size - len(ordered) % size
        fitting = next((place for place, group in enumerate(waiting) if len(group) <= room), 0)
        ordered += waiting[fitting]
        del waiting[fitting]
    return ordered


def _groups(changes: Iterable[Change]) -> list[list[Change]]:
    names: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        names[name_of(change.item)].append(change)
    for group in names.values():
        group.sort(key=lambda change: _ORDER.index(change.action))
    return sorted(names.values(), key=_turn)


def _turn(group: list[Change]) -> tuple[bool, int, str]:
    actions = [change.action for change in group]
    return actions.count(CREATE) > actions.count(DELETE), -len(group), name_of(group[0].item)
