"""Files of records: what `dns.export` and the lists of `--output` and `--export` write, and people.

A field that a file does not have is left as it is on an existing record, and has its default on a new one.
The file's ending decides: YAML (octoDNS's too), JSON (the API's answer too), CSV, else a zone file. Values
are checked as those of the command line are, and all errors of a file are reported together.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, UsageError, ValidationError
from ops.files.disk import open_regular
from ops.products.dns import checks
from ops.products.dns.entries import KNOWN, FileRecord, RecordFile
from ops.products.dns.record import did_you_mean, managed
from ops.products.dns.values import octodns_records, read_record

if TYPE_CHECKING:
    from ops.items import Json

# The place and the value of each record as it is in a file.
Items = list[tuple[str, Any]]
LARGEST = 64 << 20
# Where a document has its list of records.
_LISTS = ("records", "items", "result")
_EXPORT = "`inv dns.export` writes a file with all records of a zone"
_TEXTS = ("name", "type", "content", "comment", "id")


def read(
    file: str, zone: Json, proxied: bool | None = None, *, ending: str = "", fit_ttl: bool = False
) -> RecordFile:
    """Return the records that *file* has for *zone*; `-` is stdin.

    *proxied* applies where a zone file does not say `cf-proxied`; *ending* is the file's own by default. With
    *fit_ttl* a TTL out of bounds becomes the nearest that is allowed. Raises ValidationError
    for a file that cannot be read at all; what is wrong with single records is among its errors.
    """
    path = Path(file)
    ending = ending or path.suffix.lower()
    text = read_text(path) if file != "-" else _stdin_text()
    file = file if file != "-" else "stdin"
    try:
        if not text.strip():
            raise ValidationError("the file has no records: it is empty", hint=_EXPORT)
        is_document = ending in (".csv", ".json", ".yaml", ".yml")
        if is_document:
            found = _document(text, ending, zone)
        else:
            from ops.products.dns import zonefile

            found = zonefile.read(text, zone["name"], proxied)
        if found.zone and found.zone != zone["name"]:
            raise ValidationError(
                f"it is of the zone {found.zone}, not of {zone['name']}", hint=f"--zone {found.zone}"
            )
        # A zone file may have only records that were left out, which are in its notes.
        if not (found.records or found.errors or found.skipped or (found.notes and not is_document)):
            raise ValidationError("the file has no records", hint=_EXPORT)
    except ValidationError as error:
        raise ValidationError(f"{file}: {error.message}", hint=error.hint) from None
    fitted = 0
    for number, entry in enumerate(found.records if fit_ttl else ()):
        ttl = entry.record.get("ttl")
        if isinstance(ttl, int) and (nearest := checks.fitted_ttl(ttl, zone)) != ttl:
            found.records[number] = entry._replace(record={**entry.record, "ttl": nearest})
            fitted += 1
    note = (f"fitted to the bounds of the zone: {fitted} TTLs",) if fitted else ()
    return found._replace(name=file, notes=(*found.notes, *note))


def read_text(path: Path, option: str = "--file", *, regular: bool = False) -> str:
    """Return the text of the file that *option* names. Raises ValidationError where it cannot be read.

    A named pipe and a device are refused, because they may block or never end; a pipe of the shell
    (/dev/stdin, <(…)) is read unless *regular*.
    """
    try:
        open_pipe = not regular and _is_open_pipe(path)
        with path.open("rb") if open_pipe else open_regular(path) as file:
            return _decoded(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise ValidationError(
            f"{path} cannot be read: {error.strerror}", hint=f"check the path in {option}"
        ) from None


def _is_open_pipe(path: Path) -> bool:
    """True if *path* is a pipe that this process has inherited, so that its writer exists."""
    inherited = str(path) == "/dev/stdin" or path.is_relative_to("/dev/fd")
    return stat.S_ISFIFO(path.stat().st_mode) and (inherited or not os.path.lexists(os.path.realpath(path)))


def _stdin_text() -> str:
    """Return the text on stdin. Raises UsageError if it is closed, ValidationError if it is not valid."""
    if sys.stdin is None:
        raise UsageError("stdin is closed", hint="pipe the zone file in, or use --file FILE")
    return _decoded(sys.stdin.buffer.read(LARGEST + 1), "stdin")


def _decoded(data: bytes, name: str) -> str:
    """Return *data* as text with `\\n` at the ends of lines. Raises ValidationError if it is not UTF-8."""
    if len(data) > LARGEST:
        raise ValidationError(
            f"{name} has more than {LARGEST >> 20} MiB", hint="a zone's records need far less"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ValidationError(
            f"{name} is not UTF-8 at byte {error.start}", hint="convert it, e.g. with `iconv -t utf-8`"
        ) from None


def _document(text: str, ending: str, zone: Json) -> RecordFile:
    """Return the records of *text*, each checked; the live one with the same id may excuse a refused one."""
    is_csv, is_json = ending == ".csv", ending == ".json"
    found = (list(_csv_items(text)), "", ()) if is_csv else _listed_items(text, zone, is_json=is_json)
    items, named, notes = found
    records, errors = [], []
    for place, item in items:
        entry = FileRecord(place, {})
        try:
            records.append(entry._replace(record=read_record(item, zone), managed=managed(item)))
        except OpsError as error:
            refused = entry.refused(error)
            if isinstance(item, dict) and item.get("id"):
                records.append(entry._replace(record=item, error=refused))
            else:
                errors.append(refused)
    return RecordFile(records, named, notes, errors=tuple(errors))


def _listed_items(text: str, zone: Json, *, is_json: bool) -> tuple[Items, str, tuple[str, ...]]:
    """Return the items of a JSON or YAML document, the zone that it names, and notes."""
    import yaml

    try:
        found, lines = (json.loads(text), []) if is_json else _yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValidationError(
            f"the file does not parse: {' '.join(str(error).split())}", hint="export it again, or fix it"
        ) from None
    if not is_json and isinstance(found, dict) and found.keys().isdisjoint(_LISTS):
        return [(f"record {n}", one) for n, one in enumerate(octodns_records(found, zone["name"]), 1)], "", ()
    items, notes = _items(found, whole=is_json or text.rstrip().endswith("\n..."))
    named = str(found.get("zone") or "") if isinstance(found, dict) else ""
    lines = _json_lines(text, len(items)) if is_json else lines
    at = [f"line {line}, " for line in lines] if len(lines) == len(items) else [""] * len(items)
    places = [f"{line}record {number}" for number, line in enumerate(at, 1)]
    return list(zip(places, items, strict=True)), named, notes


def _items(found: Any, *, whole: bool) -> tuple[list[Any], tuple[str, ...]]:
    """Return the list of records in *found*: itself, of an export, of `--export`, or of an API's answer.

    A file that was cut has fewer records than its `count`; one that parses as *whole* was edited instead.
    """
    if isinstance(found, list):
        return found, ()
    lists = [found[n] for n in _LISTS if isinstance(found.get(n), list)] if isinstance(found, dict) else []
    if not lists:
        raise ValidationError(
            "the file has no list of records", hint="`inv dns.export --format json` writes one"
        )
    items = lists[0]
    meta = found.get("meta") if isinstance(found.get("meta"), dict) else {}
    pages = found.get("result_info") if isinstance(found.get("result_info"), dict) else {}
    total = pages.get("total_count", len(items))
    count = found.get("count", meta.get("count", len(items)))
    if meta.get("complete") is False or found.get("success") is False or total != len(items):
        raise ValidationError(
            f"the file is incomplete: its list of {len(items)} records was not complete when it was written",
            hint="export it again",
        )
    if count == len(items):
        return items, ()
    if whole or (isinstance(count, int) and count < len(items)):
        return items, (f"count is {count}, and the file has {len(items)} records: read as edited by hand",)
    raise ValidationError(
        f"the file is incomplete: it has {len(items)} records, and its count is {count}",
        hint=f"export it again; if you have removed records from it, set count to {len(items)}, or remove it",
    )


def _yaml(text: str) -> tuple[Any, list[int]]:
    """Return what *text* contains, and the lines of the records."""
    import yaml

    # The C parser is the same safe one, and ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        found = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    if isinstance(node, yaml.MappingNode):
        lists = [value for _, value in node.value if isinstance(value, yaml.SequenceNode)]
        node = lists[0] if lists else None
    return found, [n.start_mark.line + 1 for n in node.value] if isinstance(node, yaml.SequenceNode) else []


def _json_lines(text: str, count: int) -> list[int]:
    """Return the lines on which the records of a JSON document begin, [] where that is not clear."""
    start = re.search(r'"(?:records|items|result)"\s*:\s*\[', text)
    at = start.end() if start and not text.lstrip().startswith("[") else text.find("[") + 1
    decoder, lines, line, before = json.JSONDecoder(), [], 1, 0
    for _ in range(count):
        at = next((n for n in range(at, len(text)) if text[n] not in " \t\r\n,"), len(text))
        line, before = line + text.count("\n", before, at), at
        lines.append(line)
        try:
            _, at = decoder.raw_decode(text, at)
        except ValueError:
            return []
    return lines


def _csv_items(text: str) -> Iterator[tuple[str, Any]]:
    import csv
    from io import StringIO

    columns = f"the first line names the columns: {', '.join(KNOWN[:10])}"
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        rows.fieldnames = _column_names(rows.fieldnames or (), columns)
        for number, row in enumerate(rows, 1):
            if None in row:
                problem = f"line {rows.line_num}: it has more cells than there are columns"
                raise ValidationError(problem, hint=columns)
            if not any(row.values()):
                continue  # spreadsheets write empty rows
            place = f"line {rows.line_num}, record {number}"
            yield place, {name: _cell(name, cell or "") for name, cell in row.items()}
    except csv.Error as error:
        raise ValidationError(
            f"line {rows.line_num}: {error}", hint="nothing was sent; fix the line and run it again"
        ) from None


def _column_names(header: Sequence[str], hint: str) -> list[str]:
    """Return the names in *header* in lower case. Raises ValidationError if one is unknown or repeated."""
    separator = next((s for s in ";\t" if s in header[0]), "") if len(header) == 1 else ""
    if separator:
        problem = f"line 1: the columns are separated by {separator!r}"
        raise ValidationError(problem, hint=f"use commas; {hint}")
    names = [name.strip().lower() for name in header]
    for name, written in zip(names, header, strict=True):
        if name not in KNOWN:
            problem = f"line 1: the CSV has a column {written!r}{did_you_mean(name, KNOWN)}"
            raise ValidationError(problem, hint=hint)
        if names.count(name) > 1:
            raise ValidationError(f"line 1: the CSV has the column {name!r} more than once", hint=hint)
    return names


def _cell(column: str, cell: str) -> Any:
    """Return a cell as the value it was made of; a leading `'` keeps spreadsheets from running the rest."""
    text = cell.removeprefix("'")
    if column in _TEXTS:
        return text
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
