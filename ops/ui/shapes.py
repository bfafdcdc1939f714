"""The results that a command may return, and how to print them; ops.ui.output does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ops.errors import Incomplete

if TYPE_CHECKING:
    from ops.items import Json


LOW, PLAIN, MAIN, KEY = range(4)
"""How much a column matters: ids, dates and machine values; the others; what one looks for; what tells the
items apart, which is never cut to the same text."""

TIME, UNTIL, TTL, SIZE, STATUS, CHANGE = "time", "until", "ttl", "size", "status", "change"
NUMBER, TREND = "number", "trend"
"""What the values of a column mean: a moment, the end of a validity, a TTL, bytes, a state, a change, a
count, or a list of counts, one after the other."""


class Column(str):
    """The name of a field, with what a table has to know about it; a plain str is a PLAIN column of text.

    One that *wraps* is not cut but continued below. Where it has no room, its text is shown in the column
    that it *joins*.
    """

    __slots__ = ("importance", "joins", "meaning", "wraps")
    importance: int
    meaning: str
    wraps: bool
    joins: str

    def __new__(
        cls, field: str, importance: int = PLAIN, meaning: str = "", *, wraps: bool = False, joins: str = ""
    ) -> Self:
        column = super().__new__(cls, field)
        column.importance, column.meaning, column.wraps, column.joins = importance, meaning, wraps, joins
        return column


class Rows(NamedTuple):
    """A list of items; *columns* are the fields that a table shows, as paths with dots.

    *noun* is what one item is called. *live* rows are written one by one, as they come.
    If *items* has a `problem` (see Listing), it is reported after the last
    row, with exit code 4.
    """

    items: Iterable[Json]
    columns: tuple[str, ...] = ()
    noun: str = "row"
    live: bool = False


class Read(list["Json"]):
    """Items that were read from a list to its end, with what that reported as its `problem`."""

    def __init__(self, items: Iterable[Json], problem: str) -> None:
        super().__init__(items)
        self.problem = problem


class Item(NamedTuple):
    """One object; *columns* as in Rows, all fields if empty. *lines* are what a table shows of a field."""

    item: Json
    columns: tuple[str, ...] = ()
    lines: Mapping[str, Sequence[str]] = MappingProxyType({})


class Text(NamedTuple):
    """Text that is data, such as a zone file: printed unchanged in every format."""

    text: str


class Bytes(NamedTuple):
    """Raw bytes in chunks, such as a KV value: written to stdout unchanged."""

    chunks: Iterable[bytes]


def plain(result: Rows | Item | Text | Bytes | None) -> Any:
    """Return *result* as a list, a dict, text or bytes. Raises Incomplete for a list that may lack items."""
    if isinstance(result, Rows):
        items = list(result.items)
        if problem := getattr(result.items, "problem", ""):
            raise Incomplete(problem)
        return items
    if isinstance(result, Bytes):
        return b"".join(result.chunks)
    return result[0] if result else None


class Output(NamedTuple):
    """How to print: what the shared options of a command say."""

    format: str = ""
    """One of FORMATS; "": a table on a terminal, tsv in a pipe."""
    fields: str = ""
    """Fields to show, "name,account.name"; "": those that the command declares, or all."""
    sort: str = ""
    """The field to sort by, with a leading "-" from high to low."""
    filters: tuple[str, ...] = ()
    """Conditions that must all be true (see selection)."""
    limit: int = 0
    """The most rows to show; 0: all."""
    headers: bool = True
    color: bool = False
    width: int = 0
    """The width of a table in columns; 0: the terminal's, and no limit elsewhere."""
    wide: bool = False
    """True if a table has all its columns and cuts nothing."""
    utc: bool = False
    """True if times in a table are plain, not relative to *now* (wall time in seconds)."""
    now: float = 0.0
    pager: str = ""
    """The command of the pager, "" for none; *environ* is its environment."""
    environ: Mapping[str, str] = MappingProxyType({})
