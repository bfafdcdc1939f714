"""Prints the result of a command: data on stdout, nothing else there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import chain
from typing import IO, Any

from ops.errors import Incomplete, UsageError, did_you_mean
from ops.ui import formats
from ops.ui.cells import counted
from ops.ui.escape import json_text
from ops.ui.selection import Selection, blocks_of, parse_filter, split_fields, with_fields
from ops.ui.shapes import MAIN, Bytes, Column, Item, Output, Rows, Text
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


Say = Callable[[str], None]


def show(
    result: Rows | Item | Text | Bytes | None,
    options: Output,
    out: IO[Any],
    say: Say,
    *,
    people: bool = False,
) -> str:
    """Print *result* on *out*, and *say* what its reader must know: that a limit ended the list.

    Return what is to be said after a list: how many items it has, and which columns a table hides. Unless
    *people* read it, that is said of an empty list alone.

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
            return _show_rows(result, options, sink, say, people=people)
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


def _show_rows(rows: Rows, options: Output, sink: Sink, say: Say, *, people: bool) -> str:
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
        say(line)
    if selection.problem:
        raise Incomplete(selection.problem)
    if table is None and selection.count and not people:
        return ""
    return _after(rows, selection, options, hidden=table.hidden if table else [])


def _named(fields: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    """Return the *fields* that --fields names as columns that are not dropped, with their meaning."""
    known = {str(column): column for column in declared if isinstance(column, Column)}
    plain = Column("")
    chosen = ((field, known.get(field, plain)) for field in fields)
    return tuple(Column(field, MAIN, column.meaning, wraps=column.wraps) for field, column in chosen)


def _after(rows: Rows, selection: Selection, options: Output, *, hidden: list[str]) -> str:
    """Return the line after a list: the number of items unless a limit cut them, and what is *hidden*."""
    if not selection.count:
        return f"no {counted(0, rows.noun).partition(' ')[2]}{' match' if options.filters else ''}"
    more = f"{', '.join(hidden)} hidden: --wide or --output json" if hidden else ""
    if selection.cut:
        return more
    return counted(selection.count, rows.noun) + (f" ({more})" if more else "")


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
