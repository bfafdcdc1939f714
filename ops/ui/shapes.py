"""The results that a command may return, and how to print them; ops.ui.output does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import Incomplete

if TYPE_CHECKING:
    from ops.items import Json


class Rows(NamedTuple):
    """A list of items; *columns* are the fields that a table shows, as paths with dots.

    A table continues the columns *whole* below instead of cutting them. If *items* has a `problem` (see
    Listing), it is reported after the last row, with exit code 4.
    """

    items: Iterable[Json]
    columns: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


class Item(NamedTuple):
    """One object; *columns* as in Rows, all fields if empty."""

    item: Json
    columns: tuple[str, ...] = ()


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
