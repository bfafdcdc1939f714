"""Files of records: what `dns.export` and the lists of `--output` and `--export` write, read back.

A field that a file does not have says nothing: it is left as it is on a record that is there, and has its
default on a new one. The form is told by the file's ending; what has another is a zone file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, ValidationError
from ops.products.dns.entries import Entry, Wanted
from ops.products.dns.names import full_name
from ops.products.dns.record import DEFAULTS, READ_ONLY, SAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.kinds.resource import Json

LARGEST = 64 << 20
_COLUMNS = ("name", "type", *SAYS, *DEFAULTS, *READ_ONLY)
_TEXTS = ("name", "type", "content", "comment", "id")


def read(file: str, zone: Json) -> Wanted:
    """Give what *file* says of *zone*. Raises ValidationError with place and reason for what is wrong."""
    ending = Path(file).suffix.lower()
    if ending == ".csv":
        wanted = Wanted(_entries(_csv_rows(_text(Path(file))), zone), [])
    elif ending in (".json", ".yaml", ".yml"):
        wanted = _document(_parsed(_text(Path(file)), ending), zone)
    else:
        return zone_file(file, zone)
    if wanted.zone and wanted.zone != zone["name"]:
        raise ValidationError(
            f"{file} is of the zone {wanted.zone}, not of {zone['name']}", hint=f"--zone {wanted.zone}"
        )
    return wanted


def zone_file(file: str, zone: Json, proxied: bool | None = None) -> Wanted:
    """Give what a BIND zone file says; *proxied* holds where it does not say `cf-proxied`."""
    from ops.products.dns import zonefile

    return zonefile.read(_text(Path(file)), zone["name"], proxied)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ValidationError(f"{path} has more than {LARGEST >> 20} MiB", hint="a zone has far less")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValidationError(f"{path} cannot be read: {error.strerror}", hint="look at --file") from None
    except UnicodeDecodeError as error:
        raise ValidationError(f"{path} is not UTF-8 at byte {error.start}", hint="`iconv -t utf-8`") from None


def _parsed(text: str, ending: str) -> Any:
    import yaml

    try:
        if ending == ".json":
            return json.loads(text)
        # The C parser is the same safe one, and ten times as fast.
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (safe loaders)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValidationError(
            f"the file does not parse: {' '.join(str(error).split())}", hint="export it once more, or mend it"
        ) from None


def _document(found: Any, zone: Json) -> Wanted:
    """Read a list of records, the document of `dns.export`, or the one of `--export`."""
    if isinstance(found, list):
        return Wanted(_entries(enumerate(found, 1), zone), [])
    items = found.get("records", found.get("items")) if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise ValidationError("the file holds no list of records", hint="`inv dns.export --format json`")
    meta = found.get("meta") or {}
    count = found.get("count", meta.get("count", len(items)))
    if count != len(items) or meta.get("complete") is False:
        raise ValidationError(
            f"the file is not whole: {len(items)} records, where {count} were written",
            hint="export it once more",
        )
    return Wanted(_entries(enumerate(items, 1), zone), [], str(found.get("zone", "")))


def _csv_rows(text: str) -> Iterable[tuple[int, Any]]:
    import csv
    from io import StringIO

    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        strange = [name for name in rows.fieldnames or () if name not in _COLUMNS]
        if strange or not rows.fieldnames:
            raise ValidationError(
                f"the CSV has a column {strange[0]!r}" if strange else "the CSV is empty",
                hint=f"the first line names the columns: {', '.join(_COLUMNS[:10])}",
            )
        for row in rows:
            yield rows.line_num, {name: _cell(name, cell) for name, cell in row.items() if name in _COLUMNS}
    except csv.Error as error:
        raise ValidationError(f"line {rows.line_num}: {error}", hint="nothing was sent") from None


def _cell(column: str, cell: str | None) -> Any:
    """Give a cell as the value it was made of; a leading `'` keeps spreadsheets from running what follows."""
    text = (cell or "").removeprefix("'")
    if column in _TEXTS:
        return text
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def _entries(items: Iterable[tuple[int, Any]], zone: Json) -> list[Entry]:
    return [_entry(number, item, zone) for number, item in items]


def _entry(number: int, item: Any, zone: Json) -> Entry:
    entry = Entry(f"record {number}", {})
    try:
        return entry._replace(record=_record(item, zone))
    except OpsError as error:
        raise entry.refused(error) from None


def _record(item: Any, zone: Json) -> Json:
    if not isinstance(item, dict):
        raise ValidationError("it is no record", hint="a record has at least name, type and content")
    for field in ("name", "type"):
        if not isinstance(item.get(field), str) or not item[field]:
            raise ValidationError(
                f"it has no {field}", hint=f"{field} is text; YAML may need quotes around it"
            )
    if not isinstance(item.get("content", ""), str):
        raise ValidationError("its content is not text", hint="put quotes around it")
    kept = {f: one for f, one in item.items() if f not in READ_ONLY and (one is not None or f == "comment")}
    record = {**kept, "name": full_name(item["name"], zone["name"]), "type": item["type"].upper()}
    return record | ({"id": item["id"]} if item.get("id") else {})
