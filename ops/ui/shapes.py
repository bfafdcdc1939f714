"""The results that a command may return; ops.ui.output prints them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ops.files.data import Json


class Rows(NamedTuple):
    """A list of items; *columns* are the fields that a table shows, as paths with dots.

    If *items* has a `problem` (see Listing), it is reported after the last row, with exit code 4.
    """

    items: Iterable[Json]
    columns: tuple[str, ...] = ()


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
