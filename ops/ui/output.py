"""Prints the result of a command: data on stdout, nothing else there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, TextIO

from ops.errors import Incomplete, UsageError, did_you_mean
from ops.ui import formats
from ops.ui.escape import json_text, printable
from ops.ui.selection import Selection, blocks_of, parse_filter, split_fields, with_fields
from ops.ui.shapes import Bytes, Item, Output, Rows, Text
from ops.ui.streams import Sink

FORMATS = ("table", "json", "jsonl", "csv", "yaml", "tsv")
# The formats with whole items, each written item by item; the others have columns.
WHOLE = {"json": formats.json_array, "jsonl": formats.json_lines, "yaml": formats.yaml_sequence}


def check(options: Output) -> None:
    """Raise UsageError for options that are wrong whatever the API answers."""
    if options.format and options.format not in FORMATS:
        hint = f"{did_you_mean(options.format, FORMATS)} --output takes {', '.join(FORMATS)}".strip()
        raise UsageError(f"unknown output format {options.format!r}", hint=hint)
    if options.limit < 0:
        raise UsageError(f"--limit {options.limit} is below zero", hint="--limit 0 shows all")
    if options.sort.strip() == "-":
        hint = "for example --sort name, or --sort=-name for descending order"
        raise UsageError("--sort names no field", hint=hint)
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
    if sink.terminal:
        width = options.width
        with suppress(OSError, ValueError):
            width = width or os.get_terminal_size(out.fileno()).columns
        options = options._replace(format=options.format or "table", width=width)
    else:
        options = options._replace(format=options.format or "tsv")
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


def _show_rows(rows: Rows, options: Output, sink: Sink, err: TextIO) -> None:
    selection, layout = Selection(rows, options), None
    fields = split_fields(options.fields)
    if options.format in WHOLE:
        pieces = WHOLE[options.format](selection, fields)
    else:
        layout = formats.Layout(selection, fields or rows.columns)
        pieces = _lines(layout, options, rows.whole)
    for piece in pieces:
        _write(piece, options, sink)
    sink.flush()
    for line in filter(None, (selection.cut, layout.note if layout else "")):
        err.write(printable(line) + "\n")
    if selection.problem:
        raise Incomplete(selection.problem)


def _lines(layout: formats.Layout, options: Output, whole: tuple[str, ...]) -> Iterator[str]:
    """Yield a list in a format with columns: a row, or a block of rows, at a time."""
    if options.format != "table":
        yield from formats.cell_lines(layout, options.format, headers=options.headers)
        return
    from ops.ui.tables import Table

    width, headers, color = options.width, options.headers, options.color
    table = Table(layout.columns, width=width, headers=headers, color=color, whole=whole)
    blocks = blocks_of(layout.items)
    # An empty table has a header too.
    yield table.block(next(blocks, []))
    for block in blocks:
        yield table.block(block)


def _show_item(item: Item, options: Output, sink: Sink) -> None:
    fields = split_fields(options.fields)
    columns = fields or item.columns or tuple(item.item)
    with_fields(iter([item.item]), set(fields).difference(item.columns))
    if options.format == "json":
        text = json_text(formats.picked(item.item, fields), indent=2) + "\n"
    elif options.format == "jsonl":
        text = "".join(formats.json_lines([item.item], fields))
    elif options.format == "yaml":
        from ops.ui.yaml_text import yaml_text

        text = yaml_text(formats.picked(item.item, fields))
    elif options.format == "table":
        from ops.ui.tables import item_table

        text = item_table(item.item, columns, width=options.width, color=options.color)
    else:
        layout = formats.Layout([item.item], columns)
        text = "".join(formats.cell_lines(layout, options.format, headers=options.headers))
    _write(text, options, sink)


def _write(piece: str, options: Output, sink: Sink) -> None:
    """Write a piece of output; of all formats, only csv may hold unprintable characters."""
    if options.format == "csv":
        sink.data(piece)
        return
    sink.text(piece)
    if options.format == "table":
        sink.flush()
