"""Prints the result of a command: data on stdout, nothing else there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, TextIO

from ops.errors import Incomplete, UsageError, did_you_mean
from ops.ui import formats
from ops.ui.blocks import blocks_of
from ops.ui.escape import printable
from ops.ui.selection import Selection, parse_filter, split_fields, with_fields
from ops.ui.shapes import Bytes, Item, Output, Rows, Text
from ops.ui.streams import Sink

if TYPE_CHECKING:
    from ops.items import Json

FORMATS = ("table", "json", "jsonl", "csv", "yaml", "tsv")
WITH_COLUMNS = ("table", "csv", "tsv")


def check(options: Output) -> None:
    """Raise UsageError for options that are wrong whatever the API answers."""
    if options.format and options.format not in FORMATS:
        raise UsageError(
            f"unknown output format {options.format!r}",
            hint=f"{did_you_mean(options.format, FORMATS)} --output takes {', '.join(FORMATS)}".strip(),
        )
    if options.limit < 0:
        raise UsageError(f"--limit {options.limit} is below zero", hint="--limit 0 shows all")
    if options.sort.strip() == "-":
        raise UsageError(
            "--sort names no field", hint="for example --sort name, or --sort=-name for descending order"
        )
    for text in options.filters:
        parse_filter(text)


def show(result: Rows | Item | Text | Bytes | None, options: Output, out: IO[Any], err: TextIO) -> None:
    """Print *result* on *out*, and on *err* what its reader must know: that a limit ended the list.

    Items are printed as they arrive; only --sort holds the rows in memory. Raises UsageError before printing
    if the options name a missing field, Incomplete after the output if the list may not be complete,
    DiskError if *out* cannot be written; BrokenPipeError passes.
    """
    check(options)
    sink = Sink(out)
    options = _settled(options, sink, out)
    try:
        if isinstance(result, Rows):
            _show_rows(result, options, sink, err)
        elif isinstance(result, Item):
            _show_item(result, options, sink)
        elif isinstance(result, Text):
            sink.data(result.text)
        elif isinstance(result, Bytes):
            sink.raw(result.chunks)
    finally:
        sink.flush()


def _settled(options: Output, sink: Sink, out: IO[Any]) -> Output:
    if not sink.terminal:
        return options._replace(format=options.format or "tsv")
    return options._replace(format=options.format or "table", width=options.width or terminal_width(out))


def terminal_width(stream: IO[Any]) -> int:
    """Return the width of the terminal behind *stream*, 0 if unknown."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0


def _show_rows(rows: Rows, options: Output, sink: Sink, err: TextIO) -> None:
    selection = Selection(rows, options)
    fields = split_fields(options.fields)
    columns = fields or rows.columns
    layout = formats.Layout(selection, columns) if options.format in WITH_COLUMNS else None
    for piece in _in_columns(layout, options) if layout else _whole(selection, fields, options.format):
        _write(piece, options, sink)
    sink.flush()
    for line in filter(None, (selection.cut, layout.note if layout else "")):
        err.write(printable(line) + "\n")
    if selection.problem:
        raise Incomplete(selection.problem)


def _whole(items: Iterable[Json], fields: tuple[str, ...], format: str) -> Iterator[str]:
    """Yield a list in a format with whole items, one at a time."""
    if format == "json":
        return formats.json_array(items, fields)
    if format == "jsonl":
        return formats.json_lines(items, fields)
    return formats.yaml_sequence(items, fields)


def _in_columns(layout: formats.Layout, options: Output) -> Iterator[str]:
    """Yield a list in a format with columns: a row, or a block of rows, at a time."""
    if options.format == "table":
        return _table(layout, options)
    return formats.cell_lines(layout, options.format, headers=options.headers)


def _table(layout: formats.Layout, options: Output) -> Iterator[str]:
    from ops.ui.tables import Table

    blocks = blocks_of(layout.items)
    first = next(blocks, [])
    table = Table(layout.columns, width=options.width, headers=options.headers, color=options.color)
    yield table.block(first)
    for block in blocks:
        yield table.block(block)


def _show_item(item: Item, options: Output, sink: Sink) -> None:
    fields = split_fields(options.fields)
    columns = fields or item.columns or tuple(item.item)
    with_fields(iter([item.item]), set(fields).difference(item.columns))
    _write(_item_text(item.item, columns, fields, options), options, sink)


def _item_text(item: Json, columns: tuple[str, ...], fields: tuple[str, ...], options: Output) -> str:
    if options.format == "json":
        return formats.json_object(item, fields)
    if options.format == "jsonl":
        return "".join(formats.json_lines([item], fields))
    if options.format == "yaml":
        return formats.yaml_mapping(item, fields)
    if options.format == "table":
        from ops.ui.tables import item_table

        return item_table(item, columns, width=options.width, color=options.color)
    layout = formats.Layout([item], columns)
    return "".join(formats.cell_lines(layout, options.format, headers=options.headers))


def _write(piece: str, options: Output, sink: Sink) -> None:
    """Write a piece of output; of all formats, only csv may hold unprintable characters."""
    if options.format == "csv":
        sink.data(piece)
        return
    sink.text(piece)
    if options.format == "table":
        sink.flush()
