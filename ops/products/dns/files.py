"""Files of records: what `dns.export` and the lists of `--output` and `--export` write, and people.

A field that a file does not have is left as it is on an existing record, and has its default on a new one.
The file's ending decides: YAML (octoDNS's too), JSON (the API's answer too), JSONL, CSV, else a zone file.
Values are checked as those of the command line are, and all errors of a file are reported together.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, UsageError, ValidationError
from ops.files.disk import open_regular
from ops.products.dns import checks, octodns
from ops.products.dns.entries import KNOWN, FileRecord, RecordFile
from ops.products.dns.record import did_you_mean
from ops.products.dns.values import read_record

if TYPE_CHECKING:
    from ops.items import Json

LARGEST = 64 << 20
# Where a document has its list of records.
_LISTS = ("records", "items", "result")
_EXPORT = "`inv dns.export` writes a file with all records of a zone"
_COLUMNS = f"the first line names the columns: {', '.join(KNOWN[:10])}"
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
    if file == "-" and sys.stdin is None:
        raise UsageError("stdin is closed", hint="pipe the zone file in, or use --file FILE")
    is_stdin, file = file == "-", "stdin" if file == "-" else file
    text = _decoded(sys.stdin.buffer.read(LARGEST + 1), file) if is_stdin else read_text(path)
    try:
        if not text.strip():
            raise ValidationError("the file has no records: it is empty", hint=_EXPORT)
        is_document = ending in (".csv", ".json", ".jsonl", ".yaml", ".yml")
        if is_document:
            found = _document(text, ending, zone)
        else:
            from ops.products.dns import zonefile

            found = zonefile.read(text, zone["name"], proxied)
        if found.zone and found.zone != zone["name"]:
            hint = f"--zone {found.zone}"
            raise ValidationError(f"it is of the zone {found.zone}, not of {zone['name']}", hint=hint)
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
    """Return the text of the file that *option* names. Raises ValidationError where it cannot be read."""
    # A named pipe and a device are refused, because they may block or never end; a pipe of the shell
    # (/dev/stdin, <(…)) is read unless *regular*.
    try:
        # A pipe that this process has inherited has a writer.
        inherited = str(path) == "/dev/stdin" or path.is_relative_to("/dev/fd")
        inherited = inherited or not os.path.lexists(os.path.realpath(path))
        open_pipe = inherited and not regular and stat.S_ISFIFO(path.stat().st_mode)
        with path.open("rb") if open_pipe else open_regular(path) as file:
            return _decoded(file.read(LARGEST + 1), str(path))
    except OSError as error:
        hint = f"check the path in {option}"
        raise ValidationError(f"{path} cannot be read: {error.strerror}", hint=hint) from None


def _decoded(data: bytes, name: str) -> str:
    """Return *data* as text with `\\n` at the ends of lines. Raises ValidationError if it is not UTF-8."""
    if len(data) > LARGEST:
        hint = "a zone's records need far less"
        raise ValidationError(f"{name} has more than {LARGEST >> 20} MiB", hint=hint)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        hint = "convert it, e.g. with `iconv -t utf-8`"
        raise ValidationError(f"{name} is not UTF-8 at byte {error.start}", hint=hint) from None


def _checked(items: Iterable[tuple[FileRecord, Any]], zone: Json, errors: list[OpsError]) -> RecordFile:
    """Return the records of a file, each checked, and all errors."""
    records = [read_record(entry, item, zone) for entry, item in items]
    errors += [error for entry in records if entry.raw is None for _, error in entry.errors]
    return RecordFile(records, errors=tuple(errors))


def _document(text: str, ending: str, zone: Json) -> RecordFile:
    """Return the records of a CSV file, or of a JSON or YAML document."""
    errors: list[OpsError] = []
    if ending == ".csv":
        return _checked(_csv_items(text, errors), zone, errors)
    is_json = ending in (".json", ".jsonl")
    if ending == ".jsonl":
        text = "[" + re.sub(r"\n(?=.*\S)", ",\n", text.strip()) + "]"
    twice: list[tuple[Json, str]] = []
    try:
        found, node = (_json(text, twice), None) if is_json else _yaml(text, errors)
    except Exception as error:  # noqa: BLE001 (PyYAML lets through what a conversion of a value raises)
        raise _not_parsed(error, "JSON" if is_json else "YAML") from None
    if not is_json and isinstance(found, dict) and found.keys().isdisjoint(_LISTS):
        return _checked(octodns.records(found, node, zone["name"], errors), zone, errors)
    items, notes = _items(found, whole=is_json or text.rstrip().endswith("\n..."))
    named = str(found.get("zone") or "") if isinstance(found, dict) else ""
    if node and isinstance(found, dict):
        nodes = {key.value: value for key, value in node.value}
        node = next(nodes[name] for name in _LISTS if isinstance(found.get(name), list))
    lines = [one.start_mark.line + 1 for one in node.value] if node else _json_lines(text, len(items))
    at = [f"line {line}, " for line in lines] if len(lines) == len(items) else [""] * len(items)
    entries = [FileRecord(f"{line}record {number}", {}) for number, line in enumerate(at, 1)]
    places = {
        id(part): entry.place
        for entry, item in zip(entries, items, strict=True)
        if isinstance(item, dict)
        for part in (item, *item.values())
    }
    errors += [_twice(f"{places.get(id(part), 'the file')}: it", name) for part, name in twice]
    return _checked(zip(entries, items, strict=True), zone, errors)._replace(zone=named, notes=notes)


def _items(found: Any, *, whole: bool) -> tuple[list[Any], tuple[str, ...]]:
    """Return the list of records in *found*: itself, of an export, of `--export`, or of an API's answer."""
    # A file that was cut has fewer records than its `count`; one that parses as *whole* was edited instead.
    if isinstance(found, list):
        return found, ()
    lists = [found[n] for n in _LISTS if isinstance(found.get(n), list)] if isinstance(found, dict) else []
    if not lists:
        hint = "`inv dns.export --format json` writes one"
        raise ValidationError("the file has no list of records", hint=hint)
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


def _not_parsed(error: Exception, what: str) -> ValidationError:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else getattr(error, "lineno", 0)
    why = getattr(error, "problem", None) or getattr(error, "msg", "") or str(error)
    hint = "fix it, or export it again"
    if what == "YAML" and any(word in why for word in ("alphabetic or numeric", "start any token")):
        hint = "put quotes around a value that begins with *, &, @ or `"
    return ValidationError(f"{f'line {line}: ' if line else ''}it is not {what}: {why}", hint=hint)


def _json(text: str, twice: list[tuple[Json, str]]) -> Any:
    """Return what *text* contains; the names that an object has more than once are added to *twice*."""

    def unique(pairs: list[tuple[str, Any]]) -> Json:
        found = dict(pairs)
        names = [name for name, _ in pairs]
        twice.extend((found, name) for name in found if len(found) < len(pairs) and names.count(name) > 1)
        return found

    return json.loads(text, object_pairs_hook=unique)


def _twice(where: str, name: str) -> ValidationError:
    return ValidationError(f"{where} has {name!r} twice", hint="only one of them can count: remove the other")


def _yaml(text: str, errors: list[OpsError]) -> tuple[Any, Any]:
    """Return what *text* contains, and its node, which knows the lines."""
    import yaml

    # The C parser is the same safe one, and ten times as fast.
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # found as it runs
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen: set[Any] = set()
            for key in (key for key, _ in node.value if isinstance(key.value, str)):
                if key.value in seen and key.value != "<<":
                    errors.append(_twice(f"line {key.start_mark.line + 1}: the mapping", key.value))
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    loader = Loader(text)
    try:
        node = loader.get_single_node()
        found = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    return found, node


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


def _csv_items(text: str, errors: list[OpsError]) -> Iterator[tuple[FileRecord, Any]]:
    import csv
    from io import StringIO

    lines = StringIO(text, newline="").readlines()
    rows, before = csv.reader(lines, strict=True), 0
    names: list[str] = []
    number = 0
    while True:
        first = before + rows.line_num + 1
        entry = FileRecord(f"line {first}", {})
        try:
            row = next(rows, None)
        except csv.Error as error:
            wrong = "a quote is not closed" if "end of data" in str(error) else "its quotes do not pair"
            wrong = "a cell is too long" if "limit" in str(error) else wrong
            hint = 'a cell with a comma or a quote is in quotes, and a quote in it is written ""'
            errors.append(entry.refused(ValidationError(wrong, hint=hint)))
            # The quote may have taken in more lines, which are read on their own.
            rows, before = csv.reader(map(lines.__getitem__, range(first, len(lines))), strict=True), first
            continue
        if row is None:
            return
        while row and not row[-1].strip():
            row.pop()  # spreadsheets write empty cells, rows and columns
        if not row or (row == ["sep="] and not names):
            continue  # Excel reads the separator from such a first line
        if not names:
            names = _column_names(entry, row, errors)
            continue
        number += 1
        entry = entry._replace(place=f"{entry.place}, record {number}")
        if len(row) > len(names):
            what = f"it has {len(row)} cells, and there are {len(names)} columns"
            errors.append(entry.refused(ValidationError(what, hint=_COLUMNS)))
        cells = zip_longest(names, row[: len(names)], fillvalue="")
        yield entry, {name: _cell(name, cell) for name, cell in cells if name in KNOWN}


def _column_names(line: FileRecord, header: Sequence[str], errors: list[OpsError]) -> list[str]:
    """Return the names in *header* in lower case; those that are unknown or repeated are *errors*."""
    separator = next((s for s in ";\t" if s in header[0]), "") if len(header) == 1 else ""
    if separator:
        problem = f"{line.place}: the columns are separated by {separator!r}"
        raise ValidationError(problem, hint=f"use commas; {_COLUMNS}")
    names = [name.strip().lower() for name in header]
    for at, (name, written) in enumerate(zip(names, header, strict=True)):
        problem = f"the column {name!r} more than once" if name in names[:at] else ""
        if name not in KNOWN:
            problem = f"a column {written!r}{did_you_mean(name, KNOWN)}"
        if problem:
            errors.append(line.refused(ValidationError(f"the CSV has {problem}", hint=_COLUMNS)))
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
