"""Light scans: which parts of an account are read again, and which are carried over from an earlier snapshot.

A unit is an item that the audit log names when something in it changes: a zone, or a script. The log is a
hint what to read, and no proof that the rest is unchanged. So a share of the units that it does not name is
read and compared each time, and nothing older than a day is carried. This module only decides: the times, the
units and the words of the log are arguments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from ops.items import Json, seconds_of

DAY = 86_400.0
OVERLAP = 3600.0
REFRESH = 24
READ, COMPARE, CARRY = "read", "compare", "carry"

# Their records change without a call of the API: by transfers from another server, or in another view.
_OTHER_TYPES = ("secondary", "internal")


class Unit(NamedTuple):
    """An item in the base with what belongs to it: its *names*, when its oldest part was read, and its entry.

    *read_at* is in seconds since 1970; *entry* is the item as the list of its kind had it, as JSON.
    """

    kind: str
    id: str
    names: frozenset[str]
    read_at: float
    entry: bytes

    @property
    def label(self) -> str:
        """Return the name that people know it by."""
        return next((name for name in sorted(self.names) if name != self.id.lower()), self.id)


class Rules(NamedTuple):
    """How far the log is trusted.

    One of *refresh* units that it does not name is read and compared; 0 for none. *overlap*: seconds before
    the start of the base from which the log is read, because entries arrive late.
    """

    refresh: int = REFRESH
    overlap: float = OVERLAP


class Decision(NamedTuple):
    """What becomes of a *unit*, None if the base does not have it: READ, COMPARE with the base, or CARRY."""

    action: str
    why: str
    unit: Unit | None = None


class Decisions:
    """Decides about the units of one scan that began *now*; *named* are the words of the log's entries."""

    def __init__(self, units: Iterable[Unit], named: AbstractSet[str], rules: Rules, now: float) -> None:
        self._units = {(unit.kind, unit.id): unit for unit in units}
        self._named, self._rules, self._now = named, rules, now
        waiting: dict[str, list[Unit]] = defaultdict(list)
        for unit in self._units.values():
            if not self.is_named(unit):
                waiting[unit.kind].append(unit)
        self._turn: set[Unit] = set()
        for found in waiting.values() if rules.refresh else ():
            found.sort(key=lambda unit: (unit.read_at, unit.id))
            self._turn.update(found[: -(-len(found) // rules.refresh)])

    def is_named(self, unit: Unit) -> bool:
        """True if an entry of the log names the unit, or something in it."""
        return not unit.names.isdisjoint(self._named)

    def of(self, kind: str, id: str, item: Json, entry: bytes) -> Decision:
        """Return what becomes of the *item* that is listed now; *entry* is it as JSON."""
        unit = self._units.get((kind, id))
        if unit is None:
            return Decision(READ, "not in the base")
        if why := self._asks(unit, item, entry):
            return Decision(READ, why, unit)
        if self._now - unit.read_at > DAY:
            return Decision(COMPARE, "read more than a day ago", unit)
        if unit in self._turn:
            return Decision(COMPARE, "its turn", unit)
        return Decision(CARRY, "nothing says that it changed", unit)

    def _asks(self, unit: Unit, item: Json, entry: bytes) -> str:
        """Return why a unit is likely to have changed; "" if nothing says so."""
        if self.is_named(unit):
            return "named in the audit log"
        if item.get("type") in _OTHER_TYPES:
            return f"its type is {item['type']}"
        if seconds_of(item.get("created_on")) > self._now - self._rules.overlap:
            return "younger than the overlap"
        return "its entry in the list changed" if entry != unit.entry else ""
