"""Tables for people, laid out by tabulate without changing any value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import zip_longest
from operator import add
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

from ops.ui.cells import table_cells
from ops.ui.escape import printable
from ops.ui.talk import STYLE_OF, paint

if TYPE_CHECKING:
    from ops.items import Json

GAP = 2
"""Blanks between two columns, as tabulate's "plain" format sets them."""

_NARROWEST = 8
_KEPT_LONGEST = ("id", "name")


class Table:
    """A table that is printed in blocks of rows, so that it is never in memory as a whole.

    *width* is the terminal's, 0 for no limit. Columns keep or increase their widths from block to block. What
    is too long is cut, but continued below in the columns *whole*.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        width: int = 0,
        headers: bool = True,
        color: bool = False,
        whole: Collection[str] = (),
    ) -> None:
        self._whole = [column in whole for column in columns]
        self._columns = [on_one_line(column) for column in columns]
        self._fields = tuple(columns)
        self._width = width
        self._color = color
        self._headers = headers
        self._widths = [width_of(column) if headers else 0 for column in self._columns]

    def block(self, items: Sequence[Json]) -> str:
        """Return the lines of *items*; the first block has the header."""
        rows = [[on_one_line(text) for text in table_cells(item, self._fields)] for item in items]
        natural = natural_widths(rows, len(self._columns))
        self._widths = [max(pair) for pair in zip(self._widths, natural, strict=True)]
        if self._width:
            self._widths = fitted(self._widths, self._columns, self._width)
        head = []
        if self._headers and self._columns:
            head, self._headers = [self._columns, ["-" * width for width in self._widths]], False
        styles = [["bold"] * len(self._columns), [""] * len(self._columns)][: len(head)]
        styles += [[STYLE_OF.get(text, "") for text in row] for row in rows]
        return laid_out(head + rows, self._widths, styles if self._color else [], self._whole)


def item_table(item: Json, columns: Sequence[str], *, width: int = 0, color: bool = False) -> str:
    """Return one item as a table of two columns: field and value, over several lines if it is long."""
    pairs = zip(columns, table_cells(item, columns), strict=True)
    rows = [[on_one_line(field), on_one_line(text)] for field, text in pairs]
    widths = natural_widths(rows, 2)
    if width:
        widths[1] = max(_NARROWEST, min(widths[1], width - widths[0] - GAP))
    styles = [["bold", STYLE_OF.get(text, "")] for _, text in rows]
    return laid_out(rows, widths, styles if color else [], [False, True])


def on_one_line(text: str) -> str:
    """Return *text* printable; a leading combining mark gets a blank of its own to stand on."""
    shown = printable(text)
    return " " + shown if shown and not width_of(shown[0]) else shown


def natural_widths(rows: list[list[str]], count: int) -> list[int]:
    columns = zip(*rows, strict=True) if rows else [()] * count
    return [max(map(width_of, column), default=0) for column in columns]


def fitted(widths: Sequence[int], columns: Sequence[str], room: int) -> list[int]:
    """Return widths that fit into *room*: the widest columns are narrowed first, `id` and `name` last.

    No column becomes narrower than eight; if that is not enough, the terminal wraps.
    """
    narrowed = list(widths)
    excess = sum(widths) + GAP * (len(widths) - 1) - room
    for kept in (False, True):
        group = [place for place, column in enumerate(columns) if (column in _KEPT_LONGEST) is kept]
        while excess > 0 and group:
            widest, *others = sorted(group, key=narrowed.__getitem__, reverse=True)
            next_widest = max((narrowed[place] for place in others), default=0)
            step = min(excess, max(1, narrowed[widest] - next_widest), narrowed[widest] - _NARROWEST)
            if step <= 0:
                break
            narrowed[widest] -= step
            excess -= step
    return narrowed


def laid_out(
    lines: list[list[str]], widths: list[int], styles: list[list[str]], whole: Sequence[bool]
) -> str:
    """Lay out printable cells, each cut to its column's width, or continued below if its column is *whole*.

    Every line ends with a newline. *styles* has a style for each cell, "" for none, or is empty.
    """
    from tabulate import tabulate

    padded = []
    for line, line_styles in zip_longest(lines, styles, fillvalue=[""] * len(widths)):
        columns = zip(line, widths, whole, strict=True)
        cells = [folded(text, width) if all_ else [shortened(text, width)] for text, width, all_ in columns]
        for row in zip_longest(*cells, fillvalue=""):
            # tabulate counts characters, so the cells are padded before.
            gaps = [" " * (width - width_of(text)) for text, width in zip(row, widths, strict=True)]
            painted = [paint(t, s) if s and t else t for t, s in zip(row, line_styles, strict=True)]
            padded.append(map(add, painted, gaps))
    text = tabulate(padded, tablefmt="plain", stralign=None, disable_numparse=True, preserve_whitespace=True)
    return "".join(line.rstrip(" ") + "\n" for line in text.split("\n")) if lines else ""


ELLIPSIS = "…"


def width_of(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def folded(text: str, width: int) -> list[str]:
    """Return *text* in lines of at most *width* columns, broken at blanks where there are any."""
    lines = []
    while width_of(text) > width:
        fits = max(1, len(shortened(text, width)) - 1)
        end = text.rfind(" ", 1, fits + 1) if " " in text[1 : fits + 1] else fits
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*lines, text]


def shortened(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, with `…` at the end if it was cut."""
    if width_of(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _columns(character)
        if used >= width:
            break
        kept += character
    return kept + ELLIPSIS
