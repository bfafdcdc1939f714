r"""The formats that programs read: json, jsonl, csv, tsv and yaml, each written item by item.

- **json**: an array with one item per line, an object for a single item. Items are whole unless fields are
  named; then the keys are the fields as typed (`account.name`). A list that breaks off leaves its array
  open, so that it cannot be mistaken for a complete one.
- **jsonl**: one item per line.
- **csv**: RFC 4180 quoting, lines end with a newline. A cell that a spreadsheet could read as a formula, or
that
  begins with `'`, is prefixed with `'`: remove one leading `'` to get the value.
- **tsv**: a tab in a cell is `\t`, a newline `\n`, a carriage return `\r`, a backslash `\\`, and other
  unprintable characters `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
- **yaml**: a sequence of mappings, read as the same values by YAML 1.1 and 1.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from ops.ui.cells import cells, union_of_fields, value_at
from ops.ui.escape import json_text, printable
from ops.ui.selection import BLOCK, blocks_of

if TYPE_CHECKING:
    from ops.items import Json

# What spreadsheets read as the start of a formula, with the full-width forms of the same characters.
_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Layout:
    """The columns of a list, fixed after its first items; iterate *items* once.

    Without named columns, a field that first appears after 1,000 items has no column: see *note*.
    """

    def __init__(self, items: Iterable[Json], columns: tuple[str, ...]) -> None:
        self._late: dict[str, None] = {}
        self.columns = columns
        self.items = iter(items)
        if not columns:
            blocks = blocks_of(items)
            first = next(blocks, [])
            self.columns = union_of_fields(first)
            known = frozenset(self.columns)

            def rest() -> Iterator[Json]:
                for item in chain.from_iterable(blocks):
                    self._late |= dict.fromkeys(name for name in item if name not in known)
                    yield item

            self.items = chain(first, rest())

    @property
    def note(self) -> str:
        """Return which fields have no column because they appeared too late, or ""."""
        if not self._late:
            return ""
        names = ", ".join(self._late)
        return f"not shown, because they first appear after {BLOCK:,} rows: {names}; name them with --fields"


def picked(item: Json, fields: tuple[str, ...]) -> Json:
    """Return only *fields* of *item*, null if missing; the whole item if no fields are named."""
    return {field: value_at(item, field) for field in fields} if fields else item


def json_lines(items: Iterable[Json], fields: tuple[str, ...]) -> Iterator[str]:
    return (json_text(picked(item, fields)) + "\n" for item in items)


def json_array(items: Iterable[Json], fields: tuple[str, ...]) -> Iterator[str]:
    before = "[\n  "
    for item in items:
        yield before + json_text(picked(item, fields))
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def yaml_sequence(items: Iterable[Json], fields: tuple[str, ...]) -> Iterator[str]:
    from ops.ui.yaml_text import yaml_text

    empty = True
    for item in items:
        empty = False
        yield yaml_text([picked(item, fields)])
    if empty:
        yield "[]\n"


def cell_lines(layout: Layout, format: str, *, headers: bool) -> Iterator[str]:
    """Yield the lines of csv or tsv, first the column names."""
    line = csv_line if format == "csv" else _tsv_line
    if headers and layout.columns:
        yield line(layout.columns)
    for item in layout.items:
        yield line(cells(item, layout.columns))


def csv_line(row: Iterable[str]) -> str:
    import csv
    from io import StringIO

    # The writer quotes a lone carriage return only if the line terminator has one: write \r\n, return \n.
    line = StringIO()
    # No spreadsheet runs a prefixed cell; a leading `'` is prefixed too, so that it can be reversed.
    safe = ["'" + text if text.startswith(_TRIGGERS) else text for text in row]
    csv.writer(line, lineterminator="\r\n").writerow(safe)
    return line.getvalue()[:-2] + "\n"


def _tsv_line(row: Iterable[str]) -> str:
    return "\t".join(printable(text.translate(_TSV)) for text in row) + "\n"
