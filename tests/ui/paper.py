"""Places to print on: a file, a pipe, a terminal that remembers what it was given."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from ops.ui.output import show
from ops.ui.shapes import Bytes, Item, Output, Rows, Text


class Terminal(io.TextIOWrapper):
    """A terminal of UTF-8, unless another encoding is given."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True

    @property
    def seen(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]  # BytesIO it is


class Printed(NamedTuple):
    out: str
    err: str
    below: str = ""
    """What is to be said below a table."""


def rows(*items: dict[str, Any], columns: tuple[str, ...] = ()) -> Rows:
    return Rows(iter(items), columns)


def printed(result: Rows | Item | Text | Bytes | None, format: str = "", **options: Any) -> Printed:
    """Show *result* in a pipe."""
    out, err = io.BytesIO(), io.StringIO()
    below = show(result, Output(format, **options), out, lambda text: print(text, file=err))
    return Printed(out.getvalue().decode(), err.getvalue(), below)


def on_terminal(result: Rows | Item | Text | Bytes | None, format: str = "", **options: Any) -> Printed:
    """Show *result* on a terminal."""
    out, err = Terminal(), io.StringIO()
    below = show(result, Output(format, **options), out, lambda text: print(text, file=err))
    return Printed(out.seen, err.getvalue(), below)
