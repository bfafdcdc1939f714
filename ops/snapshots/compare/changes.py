"""Changes: differences as rows, and how many there are in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ops.kinds.resource import AuditEvent, Json
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.difference import CHANGED, CREATED, DELETED, UNKNOWN, Difference

COLUMNS = ("kind", "scope", "change", "name", "field", "old", "new")
WHO = ("when", "who")
_ORDER = (CREATED, DELETED, CHANGED, UNKNOWN)


def rows(
    comparison: Comparison, blame: Callable[[Difference], AuditEvent | None] | None = None
) -> Iterator[Json]:
    """Yield a row for each item that came or went, for each field that changed, for each unknown part.

    `item` is what came or went; a row of what is unknown has the status on either side as old and new.
    *blame* finds who did it.
    """
    for difference in comparison:
        deed = blame(difference) if blame else None
        told = {"when": deed.when if deed else "", "who": deed.actor if deed else ""} if blame else {}
        for row in _rows(difference):
            yield {**row, **told}


def _rows(difference: Difference) -> Iterator[Json]:
    kind, scope, change, name = difference[:4]
    row: dict[str, Any] = {"kind": kind, "scope": scope, "change": change, "name": name}
    id = difference.ids[0] if difference.ids else ""
    item = difference.before if difference.after is None else difference.after
    rest = {"id": id, "reason": difference.reason}
    if change in (CREATED, DELETED):
        yield {**row, "field": "", "old": None, "new": None, **rest, "item": item}
        return
    for field, old, new in difference.fields:
        yield {**row, "field": field, "old": old, "new": new, **rest, "item": None}


def counted(counts: Counter[str]) -> str:
    """Say how many items there are of each sort: "3 created, 1 changed"; "nothing differs" for none."""
    told = [f"{counts[change]:,} {change}" for change in _ORDER if counts[change]]
    if not differing(counts):
        told.insert(0, "nothing differs")
    return ", ".join(told)


def differing(counts: Counter[str]) -> int:
    """Give the number of items that are known to differ."""
    return counts[CREATED] + counts[DELETED] + counts[CHANGED]


def wanted(only: Sequence[str], skip: Sequence[str]) -> Callable[[str], bool]:
    """Give what says whether a kind is asked for, by --only and --skip: kinds, products, `/contents`."""

    def asked(kind: str) -> bool:
        names = {kind, kind.partition("/")[0], kind.partition(".")[0]}
        return not (names & set(skip)) and (not only or bool(names & set(only)))

    return asked
