"""Prints the result of a command: data on stdout, nothing else there."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, suppress
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, TextIO

from ops.errors import Incomplete, UsageError, did_you_mean
from ops.ui import formats
from ops.ui.cells import counted
from ops.ui.escape import json_text, printable
from ops.ui.selection import Selection, blocks_of, parse_filter, split_fields, with_fields
from ops.ui.shapes import MAIN, Bytes, Column, Item, Output, Rows, Text
from ops.ui.streams import Sink

if TYPE_CHECKING:
    from ops.ui.tables import Table

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


def show(result: Rows | Item | Text | Bytes | None, options: Output, out: IO[Any], err: TextIO) -> str:
    """Print *result* on *out*, and on *err* what its reader must know: that a limit ended the list.

    Return what is to be said below a table: how many rows it has, and which columns are hidden.

    Items are printed as they arrive; only --sort holds the rows in memory. Raises UsageError before printing
    if the options name a missing field, Incomplete after the output if the list may not be complete,
    DiskError if *out* cannot be written; BrokenPipeError passes.
    """
    check(options)
    sink = Sink(out)
    options = options._replace(format=options.format or ("table" if sink.terminal else "tsv"))
    if options.format == "table" and sink.terminal and not options.width:
        options = options._replace(width=screen(out)[0])
    with ExitStack() as stack:
        if sink.terminal and options.pager:
            from ops.ui.pager import Pager, PagerClosed

            stack.enter_context(suppress(PagerClosed))
            pager = Pager(options.pager, screen(out), sink.put, options.environ)
            sink.pager = stack.enter_context(pager)
        stack.callback(sink.flush)
        if isinstance(result, Rows):
            return _show_rows(result, options, sink, err)
        if isinstance(result, Item):
            _show_item(result, options, sink)
        elif isinstance(result, Text):
            sink.data(result.text)
        elif isinstance(result, Bytes):
            sink.raw(result.chunks)
    return ""


def screen(out: IO[Any]) -> tuple[int, int]:
    """Return the columns and lines of the terminal behind *out*, 0 if unknown; COLUMNS has priority."""
    columns, lines = shutil.get_terminal_size((0, 0))
    with suppress(OSError, ValueError):
        there = os.get_terminal_size(out.fileno())
        return columns or there.columns, lines or there.lines
    return columns, lines


def _show_rows(rows: Rows, options: Output, sink: Sink, err: TextIO) -> str:
    selection, layout, table = Selection(rows, options), None, None
    fields = split_fields(options.fields)
    if options.format in WHOLE:
        pieces = WHOLE[options.format](selection, fields)
    else:
        layout = formats.Layout(selection, fields or rows.columns)
        if options.format == "table":
            from ops.ui.tables import Table

            table = Table(_named(fields, rows.columns) if fields else layout.columns, options)
            blocks = blocks_of(layout.items)
            # An empty table has a header too.
            pieces = map(table.block, chain([next(blocks, [])], blocks))
        else:
            pieces = formats.cell_lines(layout, options.format, headers=options.headers)
    for piece in pieces:
        _write(piece, options, sink)
        if rows.live:
            sink.flush()
    sink.flush()
    for line in filter(None, (selection.cut, layout.note if layout else "")):
        err.write(printable(line) + "\n")
    if selection.problem:
        raise Incomplete(selection.problem)
    return _below(rows, table, options, cut=bool(selection.cut)) if table else ""


def _named(fields: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    """Return the *fields* that --fields names as columns that are not dropped, with their meaning."""
    meanings = {str(column): getattr(column, "meaning", "") for column in declared}
    return tuple(Column(field, MAIN, meanings.get(field, "")) for field in fields)


def _below(rows: Rows, table: Table, options: Output, *, cut: bool) -> str:
    """Return the line below a table: the number of rows unless a limit *cut* them, and what is hidden."""
    if not table.count:
        return f"no {counted(0, rows.noun).partition(' ')[2]}{' match' if options.filters else ''}"
    hidden = f"{', '.join(table.hidden)} hidden: --wide or --output json" if table.hidden else ""
    if cut:
        return hidden
    return counted(table.count, rows.noun) + (f" ({hidden})" if hidden else "")


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

        text = item_table(item, _named(fields, item.columns) if fields else columns, options)
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
