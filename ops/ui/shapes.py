"""What a command gives back; how it is printed is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ops.kinds.resource import Json


class Rows(NamedTuple):
    """A list of items; *columns* are the fields that a table shows, dots reaching inside.

    Where *items* has a `problem` (see Listing), it is told after the last row and the exit code is 4.
    """

    items: Iterable[Json]
    columns: tuple[str, ...] = ()


class Item(NamedTuple):
    """One object; *columns* as in Rows, all fields where empty."""

    item: Json
    columns: tuple[str, ...] = ()


class Text(NamedTuple):
    """Text that is data, such as a zone file: printed as it stands in every format."""

    text: str


class Bytes(NamedTuple):
    """Raw bytes in chunks, such as a KV value: written to stdout untouched."""

    chunks: Iterable[bytes]
