"""Tables for people, laid out by tabulate; the columns that matter least give way on a narrow terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import zip_longest
from math import ceil
from operator import add
from typing import TYPE_CHECKING, Any
from unicodedata import category, east_asian_width

from ops.ui.cells import table_cell, value_at
from ops.ui.escape import printable
from ops.ui.human import shown, style_of
from ops.ui.shapes import KEY, LOW, MAIN, PLAIN, WHOLE, Column, Item, Output
from ops.ui.talk import paint

if TYPE_CHECKING:
    from ops.items import Json

GAP = 2
"""Blanks between two columns, as tabulate's "plain" format sets them."""

ELLIPSIS = "…"
_LEAST = {LOW: 40, PLAIN: 12, MAIN: 16, KEY: 25}
"""The fewest characters of a column by its importance: if that is not enough, the terminal wraps."""
_LAST = 12
"""The fewest characters of a KEY column if nothing else helps."""
_NARROW = 25
"""The most characters of a column that is not narrowed to its usual width."""
_ORDINARY = {LOW: 1.0, PLAIN: 0.8, MAIN: 0.95, KEY: 0.8}
"""The share of a column's cells that fit into its usual width: a few long ones do not push columns out."""


class Table:
    """A table that is printed in blocks of rows, so that it is never in memory as a whole.

    The first block decides which columns are shown; *hidden* are the others, and *count* is the number of
    rows. Columns keep or increase their widths from block to block.
    """

    def __init__(self, columns: Sequence[str], options: Output) -> None:
        self.count = 0
        self.hidden: list[str] = []
        self._columns = [declared(column) for column in columns]
        self._width = 0 if options.wide else options.width
        self._options = options
        self._first = True
        self._widths = [width_of(on_one_line(c)) if options.headers else 0 for c in self._columns]

    def block(self, items: Sequence[Json]) -> str:
        """Return the lines of *items*; the first block has the header."""
        first, self._first = self._first, False
        self.count += len(items)
        columns = [self._cells(column, items) for column in self._columns]
        self._fit([[width_of(text) for text in texts] for texts, _ in columns], drop=first)
        if self.hidden and first:
            shown = [at for at, width in enumerate(self._widths) if width]
            columns = [columns[at] for at in shown]
            self._columns = [self._columns[at] for at in shown]
            self._widths = [self._widths[at] for at in shown]
        cells = [self._cut(texts, at) for at, (texts, _) in enumerate(columns)]
        lines, styles = [], []
        rows, of_rows = zip(*cells, strict=True), zip(*(style for _, style in columns), strict=True)
        for row, style in zip(rows, of_rows, strict=True):
            for line in zip_longest(*map(self._continued, row, range(len(row))), fillvalue=""):
                lines.append(list(line))
                styles.append(list(style))
        head: list[list[str]] = []
        if first and self._options.headers and self._columns:
            heads = [on_one_line(column) for column in self._columns]
            head = [
                [shortened(text, width) for text, width in zip(heads, self._widths, strict=True)],
                ["-" * width for width in self._widths],
            ]
        of_head = [["bold"] * len(columns), [""] * len(columns)][: len(head)]
        return laid_out(head + lines, self._widths, of_head + styles if self._options.color else [])

    def _cells(self, column: Column, items: Sequence[Json]) -> tuple[list[str], list[str]]:
        """Return the texts of a column, and their styles if there are colors."""
        text, values = text_of(column, self._options), [value_at(item, column) for item in items]
        if not self._options.color or not column.meaning:
            return [text(value) for value in values], [""] * len(values)
        now = self._options.now
        return [text(value) for value in values], [style_of(value, column.meaning, now) for value in values]

    def _fit(self, cells: list[list[int]], *, drop: bool) -> None:
        """Set the widths for the widths of the *cells*, and which columns are *hidden*."""
        known = self._widths
        natural = [max(max(widths, default=0), before) for widths, before in zip(cells, known, strict=True)]
        if not self._width or _total(natural) <= self._width:
            self._widths = natural
            return
        usual = [
            whole if whole <= _NARROW else max(_usual(widths, column.importance), before)
            for whole, column, widths, before in zip(natural, self._columns, cells, known, strict=True)
        ]
        importance = [column.importance for column in self._columns]
        least = [max(_LEAST[column.importance], width_of(column)) for column in self._columns]
        self._widths = fitted(natural, usual, least, importance, self._width, drop=drop)
        if drop:
            pairs = zip(self._columns, self._widths, natural, strict=True)
            self.hidden = [column for column, width, whole in pairs if whole and not width]

    def _cut(self, texts: list[str], at: int) -> list[str]:
        width = self._widths[at]
        if self._columns[at].meaning == WHOLE or all(width_of(text) <= width for text in texts):
            return texts
        if self._columns[at].importance < KEY:
            return [shortened(text, width) for text in texts]
        return cut_apart(texts, width)

    def _continued(self, text: str, at: int) -> list[str]:
        return wrapped(text, self._widths[at]) if self._columns[at].meaning == WHOLE else [text]


def declared(column: str) -> Column:
    """Return *column* with its importance and meaning; a plain name is ordinary text."""
    return column if isinstance(column, Column) else Column(column)


def text_of(column: Column, options: Output) -> Callable[[Any], str]:
    """Return the function that makes the text of a cell in *column*."""
    if column.meaning:
        return lambda value: on_one_line(shown(value, column.meaning, options.now, utc=options.utc))
    return lambda value: on_one_line(value if isinstance(value, str) else table_cell(value))


def fitted(
    natural: Sequence[int],
    usual: Sequence[int],
    least: Sequence[int],
    importance: Sequence[int],
    room: int,
    *,
    drop: bool = True,
) -> list[int]:
    """Return widths that fit into *room*, 0 for a column that is not shown.

    LOW columns are dropped first, from the right, then PLAIN ones that do not fit even when they are narrow,
    then MAIN ones if no narrowing helps; those that fit after all come back. Then the others are narrowed,
    the widest of the least important first, down to its *least*. *usual* is the width that most of a
    column's cells take; what is left over is used for the longer ones.
    """
    widths = list(usual)
    places = range(len(widths))
    for level, narrowed in ((LOW, (PLAIN,)), (PLAIN, (PLAIN,)), (MAIN, (PLAIN, MAIN, KEY))):
        for at in reversed(places):
            pairs = zip(importance, widths, least, strict=True)
            narrow = [min(width, few) if level in narrowed else width for level, width, few in pairs]
            if drop and importance[at] == level and _total(narrow) > room and sum(map(bool, widths)) > 1:
                widths[at] = 0
    for level in (MAIN, PLAIN, LOW):
        for at in places:
            if not widths[at] and importance[at] == level and _total([*widths, usual[at]]) <= room:
                widths[at] = usual[at]
    for level, last in ((LOW, False), (PLAIN, False), (MAIN, False), (KEY, False), (KEY, True)):
        few = {at: _LAST if last else least[at] for at in places if importance[at] == level and widths[at]}
        while (excess := _total(widths) - room) > 0:
            wide = [at for at in few if widths[at] > few[at]]
            if not wide:
                break
            widest = max(wide, key=widths.__getitem__)
            others = max((widths[at] for at in wide if at != widest), default=0)
            widths[widest] -= min(excess, max(1, widths[widest] - others), widths[widest] - few[widest])
    for level in (KEY, MAIN, PLAIN):
        for at in places:
            if importance[at] == level and widths[at]:
                widths[at] += max(0, min(natural[at] - widths[at], room - _total(widths)))
    return widths


def _usual(widths: Sequence[int], importance: int) -> int:
    filled = sorted(filter(None, widths))
    return filled[ceil(len(filled) * _ORDINARY[importance]) - 1] if filled else 0


def _total(widths: Iterable[int]) -> int:
    taken = [width for width in widths if width]
    return sum(taken) + GAP * max(0, len(taken) - 1)


def item_table(item: Item, columns: Sequence[str], options: Output) -> str:
    """Return one item as a table of two columns, field and value; a long value takes several lines."""
    color, rows, styles = options.color, [], []
    fields = [declared(column) for column in columns]
    room = max(map(width_of, map(on_one_line, fields)), default=0)
    width = 0 if options.wide or not options.width else max(_LEAST[KEY], options.width - room - GAP)
    for column in fields:
        value: Any = item.lines.get(column) or value_at(item.item, column)
        style = style_of(value, column.meaning, options.now)
        for number, line in enumerate(_lines(value, text_of(column, options), width)):
            rows.append(["" if number else on_one_line(column), line])
            styles.append(["bold", style])
    widths = [room, max((width_of(line) for _, line in rows), default=0)]
    return laid_out(rows, widths, styles if color else [])


def _lines(value: Any, text: Callable[[Any], str], width: int) -> list[str]:
    """Return the lines of a value: the parts of a list or an object each on its own if they need it."""
    whole = text(value)
    nested = (
        isinstance(value, list | dict) and value and any(isinstance(v, dict | list) for v in _parts(value))
    )
    if not nested and (not width or width_of(whole) <= width) and not isinstance(value, tuple):
        return [whole]
    if isinstance(value, dict) and value:
        parts = [f"{name}  {table_cell(inside)}" for name, inside in value.items()]
    elif isinstance(value, list | tuple):
        parts = [table_cell(inside) for inside in value]
    else:
        parts = [whole]
    return [line for part in parts for line in wrapped(on_one_line(part), width)]


def _parts(value: list[Any] | dict[str, Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def wrapped(text: str, width: int) -> list[str]:
    """Return *text* as lines of at most *width* columns (0: no limit), broken at blanks where possible."""
    lines = []
    while width and width_of(text) > width:
        taken = len(_head(text, width))
        blank = text.rfind(" ", taken // 2, taken + 1)
        at = blank if blank > 0 else max(1, taken)
        lines.append(text[:at])
        text = text[at:].removeprefix(" ")
    return [*lines, text]


def on_one_line(text: str) -> str:
    """Return *text* printable; a leading combining mark gets a blank of its own to stand on."""
    shown = printable(text)
    return " " + shown if shown and not width_of(shown[0]) else shown


def laid_out(lines: list[list[str]], widths: list[int], styles: list[list[str]]) -> str:
    """Lay out printable cells, none wider than its column; every line ends with a newline.

    *styles* has a style for each cell, "" for none, or is empty.
    """
    from tabulate import tabulate

    # tabulate counts characters, so the cells are padded before.
    gaps = [[" " * (w - width_of(t)) for t, w in zip(line, widths, strict=True)] for line in lines]
    for row, row_styles in zip(lines, styles, strict=False):
        row[:] = [
            paint(text, style) if style and text else text
            for text, style in zip(row, row_styles, strict=True)
        ]
    padded = [map(add, *pair) for pair in zip(lines, gaps, strict=True)]
    text = tabulate(padded, tablefmt="plain", stralign=None, disable_numparse=True, preserve_whitespace=True)
    return "".join(line.rstrip(" ") + "\n" for line in text.split("\n")) if lines else ""


def width_of(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _head(text: str, width: int) -> str:
    """Return the longest beginning of *text* in at most *width* columns."""
    used = 0
    for at, character in enumerate(text):
        used += _columns(character)
        if used > width:
            return text[:at]
    return text


def shortened(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, with `…` at the end if it was cut."""
    return text if width_of(text) <= width else _head(text, width - 1) + ELLIPSIS


def _middle_out(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, with `…` in the middle if it was cut."""
    if width_of(text) <= width:
        return text
    tail = _head(text[::-1], (width - 1) // 2)[::-1]
    return _head(text, width - 1 - width_of(tail)) + ELLIPSIS + tail


def cut_apart(texts: Sequence[str], width: int) -> list[str]:
    """Return *texts* cut to *width* so that no two of them become the same text.

    What would, is cut in the middle, and left whole where that is not enough.
    """
    cut = {text: shortened(text, width) for text in texts}
    for way in (partial(_middle_out, width=width), str):
        seen: dict[str, int] = {}
        for short in cut.values():
            seen[short] = seen.get(short, 0) + 1
        cut = {text: way(text) if seen[short] > 1 else short for text, short in cut.items()}
    return [cut[text] for text in texts]
