"""Tables for people, laid out by tabulate; the columns that matter least give way on a narrow terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate, takewhile, zip_longest
from operator import add
from typing import TYPE_CHECKING, Any
from unicodedata import category, east_asian_width

from ops.ui.cells import table_cell, value_at
from ops.ui.escape import printable
from ops.ui.human import shown, style_of
from ops.ui.shapes import MAIN, TREND, Column, Item, Output
from ops.ui.talk import paint
from ops.ui.widths import GAP, Need, fitted, grown, total

if TYPE_CHECKING:
    from ops.items import Json

    Cells = tuple[list[str], list[str]]

ELLIPSIS = "…"
JOINT = "\n"
"""Stands between the texts of columns in one cell, which has it nowhere else: a line breaks there first."""
_VALUE = 25
"""The fewest characters of a value of one item."""


class Table:
    """A table that is printed in blocks of rows, so that it is never in memory as a whole.

    The first block decides which columns are shown; *hidden* are the others. Columns keep or increase their
    widths from block to block.
    """

    def __init__(self, columns: Sequence[str], options: Output) -> None:
        self.hidden: list[str] = []
        self._declared = [declared(column) for column in columns]
        self._columns = list(self._declared)
        self._parts: dict[str, list[Column]] = {column: [column] for column in self._columns}
        """The columns whose texts make those of a column: itself, and those that join it."""
        self._width = 0 if options.wide else options.width
        self._options = options
        self._widths: list[int] | None = None

    def block(self, items: Sequence[Json]) -> str:
        """Return the lines of *items*; the first block has the header."""
        first = self._widths is None
        if self._widths is None:
            self._widths, cells = self._begin(items)
        else:
            cells = [self._cells(column, items) for column in self._columns]
            needs = self._needs(cells)
            room = self._width or total(
                max(w, need.natural) for w, need in zip(self._widths, needs, strict=True)
            )
            self._widths = grown(self._widths, needs, room)
        widths, lines, styles = self._widths, [], []
        texts = [
            self._cut(column, texts, width)
            for column, (texts, _), width in zip(self._columns, cells, widths, strict=True)
        ]
        rows, of_rows = zip(*texts, strict=True), zip(*(style for _, style in cells), strict=True)
        for row, style in zip(rows, of_rows, strict=True):
            for line in zip_longest(*row, fillvalue=""):
                lines.append(list(line))
                styles.append(list(style))
        head: list[list[str]] = []
        if first and self._options.headers and self._columns:
            heads = [on_one_line(column) for column in self._columns]
            head = [
                [shortened(text, width) for text, width in zip(heads, widths, strict=True)],
                ["-" * width for width in widths],
            ]
        of_head = [["bold"] * len(cells), [""] * len(cells)][: len(head)]
        return laid_out(head + lines, widths, of_head + styles if self._options.color else [])

    def _begin(self, items: Sequence[Json]) -> tuple[list[int], list[Cells]]:
        """Decide which columns are shown and how wide; return the widths, and the cells of *items*."""
        while True:
            cells = [self._cells(column, items) for column in self._columns]
            needs = self._needs(cells)
            widths = [need.natural for need in needs]
            if self._width and total(widths) > self._width:
                widths = fitted(needs, self._width)
            pairs = list(zip(self._columns, widths, needs, strict=True))
            hidden = [column for column, width, need in pairs if need.natural and not width]
            joining = next((c for c in reversed(hidden) if c.joins in self._parts), None)
            if joining is None:
                break
            # It may leave enough room for the others, so all is decided again.
            self._columns.remove(joining)
            parts = [*self._parts.pop(joining), *self._parts[joining.joins]]
            self._parts[joining.joins] = sorted(parts, key=self._declared.index)
        self.hidden = [str(column) for column in hidden]
        shown = [at for at, column in enumerate(self._columns) if column not in hidden]
        self._columns = [self._columns[at] for at in shown]
        return [widths[at] for at in shown], [cells[at] for at in shown]

    def _cells(self, column: Column, items: Sequence[Json]) -> Cells:
        """Return the texts of a column, and their styles if there are colors."""
        options, texts = self._options, []
        for part in self._parts[column]:
            text = text_of(part, options)
            texts.append([text(value_at(item, part)) for item in items])
        joined = (
            [JOINT.join(filter(None, row)) for row in zip(*texts, strict=True)] if texts[1:] else texts[0]
        )
        if not options.color or not column.meaning:
            return joined, [""] * len(joined)
        return joined, [style_of(value_at(item, column), column.meaning, options.now) for item in items]

    def _needs(self, cells: Sequence[Cells]) -> list[Need]:
        heads = [width_of(on_one_line(column)) if self._options.headers else 0 for column in self._columns]
        return [
            Need([*map(_width, texts)], head, column.importance, _longest(texts) if column.wraps else 0)
            for column, head, (texts, _) in zip(self._columns, heads, cells, strict=True)
        ]

    def _cut(self, column: Column, texts: list[str], width: int) -> list[list[str]]:
        """Return the lines of each cell: several where the text is continued below."""
        if column.wraps:
            return [
                [line for part in text.split(JOINT) for line in wrapped(part, width)]
                if width_of(text) > width
                else [text.replace(JOINT, " ")]
                for text in texts
            ]
        if column.meaning == TREND:
            # The newest count is the last one.
            return [[text if len(text) <= width else ELLIPSIS + text[1 - width :]] for text in texts]
        if any(width_of(text) > width for text in texts):
            apart = column.importance >= MAIN
            texts = cut_apart(texts, width) if apart else [shortened(text, width) for text in texts]
        return [[text] for text in texts]


def _width(text: str) -> int:
    """Return the width of a cell, where each of the texts that are joined may have a line of its own."""
    return max(map(width_of, text.split(JOINT))) if JOINT in text else width_of(text)


def _longest(texts: Iterable[str]) -> int:
    return max((width_of(word) for text in texts for word in text.split()), default=1)


def declared(column: str) -> Column:
    """Return *column* with its importance and meaning; a plain name is ordinary text."""
    return column if isinstance(column, Column) else Column(column)


def text_of(column: Column, options: Output) -> Callable[[Any], str]:
    """Return the function that makes the text of a cell in *column*."""
    if column.meaning:
        return lambda value: on_one_line(shown(value, column.meaning, options.now, utc=options.utc))
    return lambda value: on_one_line(value if isinstance(value, str) else table_cell(value))


def item_table(item: Item, columns: Sequence[str], options: Output) -> str:
    """Return one item as a table of two columns, field and value; a long value takes several lines."""
    color, rows, styles = options.color, [], []
    fields = [declared(column) for column in columns]
    room = max(map(width_of, map(on_one_line, fields)), default=0)
    width = 0 if options.wide or not options.width else max(_VALUE, options.width - room - GAP)
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
    """Return *text* as lines of at most *width* columns (0: no limit), broken at blanks where possible.

    A path or an address without blanks is broken after a slash.
    """
    lines = []
    while width and width_of(text) > width:
        taken = len(_head(text, width))
        blank = text.rfind(" ", 1, taken + 1)
        word = text[blank + 1 :].partition(" ")[0]
        # A word that is longer than a line is broken anyway: not after a few letters of this one.
        slash = text.rfind("/", taken // 2, taken)
        at = slash + 1 if slash > 0 else max(1, taken)
        if blank > 0 and (blank >= taken // 2 or width_of(word) <= width):
            at = blank
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
    used = accumulate(map(_columns, text))
    return text[: sum(1 for _ in takewhile(lambda columns: columns <= width, used))]


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
