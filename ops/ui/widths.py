"""The widths of a table's columns on a terminal, decided by what most rows need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import NamedTuple

from ops.ui.shapes import KEY, LOW, MAIN, PLAIN

GAP = 2
"""Blanks between two columns, as tabulate's "plain" format sets them."""

_LEAST = {LOW: 40, PLAIN: 12, MAIN: 12, KEY: 16}
"""The fewest characters of a column by its importance: if that is not enough, the terminal wraps."""
_LAST = 12
"""The fewest characters of a column if nothing else helps."""
_NARROW = 25
"""The most characters of a column that is not narrowed to its usual width."""
_MOST = 45
"""The most characters that keep other columns out, unless most cells are longer."""
_ORDINARY = {LOW: 1.0, PLAIN: 0.8, MAIN: 0.95, KEY: 0.8}
"""The share of a column's cells that fit into its usual width: a few long ones do not push columns out."""
_GAIN = {LOW: 0.1, PLAIN: 0.5, MAIN: 2.0, KEY: 3.0}
"""What one more cell that is not cut is worth."""
_WRAPPED = 0.2
"""The part of that for a cell that is continued below, where nothing is lost."""


class Need(NamedTuple):
    """What a column needs: the widths of its *cells* and of its *head*, and how much it matters.

    *words* is the width of the longest word in a column whose cells are continued below, 0 for one whose
    cells are cut.
    """

    cells: Sequence[int]
    head: int
    importance: int
    words: int = 0

    @property
    def natural(self) -> int:
        return max(max(self.cells, default=0), self.head)

    @property
    def least(self) -> int:
        few = min(self.words, _NARROW) or _LEAST[self.importance]
        if self.importance == KEY and not self.words and self.natural <= _NARROW:
            few = self.natural
        return min(self.natural, max(few, self.head))

    @property
    def usual(self) -> int:
        """Return the width that most cells fit into; what continues below keeps no other column out."""
        filled = sorted(filter(None, self.cells))
        if self.natural <= _NARROW or not filled:
            return self.natural
        most = filled[ceil(len(filled) * _ORDINARY[self.importance]) - 1]
        if self.words:
            most = min(most, _NARROW)
        elif filled[len(filled) // 2] <= _MOST:
            most = min(most, _MOST)
        return max(self.least, most)


def fitted(needs: Sequence[Need], room: int) -> list[int]:
    """Return widths that fit into *room*, 0 for a column that is not shown.

    LOW columns are dropped first, from the right, then PLAIN ones that do not fit even when they are narrow,
    then MAIN ones if no narrowing helps; those that fit after all come back.
    """
    places = range(len(needs))
    usual, least = [need.usual for need in needs], [need.least for need in needs]
    widths = list(usual)
    for level, narrowed in ((LOW, (PLAIN,)), (PLAIN, (PLAIN,)), (MAIN, (PLAIN, MAIN, KEY))):
        for at in reversed(places):
            narrow = [
                min(width, few) if need.importance in narrowed else width
                for need, width, few in zip(needs, widths, least, strict=True)
            ]
            if needs[at].importance == level and total(narrow) > room and sum(map(bool, widths)) > 1:
                widths[at] = 0
    for level in (MAIN, PLAIN, LOW):
        for at in places:
            back = [*widths[:at], usual[at], *widths[at + 1 :]]
            if not widths[at] and needs[at].importance == level and total(back) <= room:
                widths = back
    start = [few if width else 0 for width, few in zip(widths, least, strict=True)]
    if total(start) > room:
        start = [min(width, max(_LAST, need.head)) for width, need in zip(start, needs, strict=True)]
    return grown(start, needs, room)


def grown(widths: Sequence[int], needs: Sequence[Need], room: int) -> list[int]:
    """Return *widths* after the rest of *room* was used where it makes the most cells whole.

    What is left over goes to the longest cells of what matters most.
    """
    grown, steps = list(widths), [list(_steps(need)) for need in needs]
    while (left := room - total(grown)) > 0:
        best, place = (0.0, 0), None
        for at, width in enumerate(grown):
            known = max((value for wide, value in steps[at] if wide <= width), default=0.0)
            for wide, value in steps[at]:
                if width and width < wide <= width + left:
                    best, place = max((best, place), (((value - known) / (wide - width), wide), at))
        if place is None:
            break
        grown[place] = best[1]
    for at in sorted(range(len(needs)), key=lambda at: -needs[at].importance):
        if grown[at]:
            grown[at] += max(0, min(needs[at].natural - grown[at], room - total(grown)))
    return grown


def _steps(need: Need) -> Iterator[tuple[int, float]]:
    """Yield each width at which more cells are whole, and what all cells are worth that are whole then."""
    worth = _GAIN[need.importance] * (_WRAPPED if need.words else 1)
    filled = sorted(filter(None, need.cells))
    last = dict(zip(filled, range(1, len(filled) + 1), strict=True))
    yield from ((width, count * worth) for width, count in last.items())


def total(widths: Iterable[int]) -> int:
    """Return the width of a table with columns of these *widths*."""
    taken = [width for width in widths if width]
    return sum(taken) + GAP * max(0, len(taken) - 1)
