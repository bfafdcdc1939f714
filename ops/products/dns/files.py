"""Files of records: what `dns.export` and the lists of `--output` and `--export` write, and people.

A field that a file does not have is left as it is on an existing record, and has its default on a new one.
The file's ending decides: YAML (octoDNS's too), JSON (the API's answer too), CSV, else a zone file. Values
are checked as those of the command line are, and all errors of a file are reported together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import OpsError, ValidationError
from ops.products.dns import checks
from ops.products.dns.entries import KNOWN, FileRecord, RecordFile, listed, raise_all
from ops.products.dns.names import APEX, full_name
from ops.products.dns.rdata import FIELDS, TARGETS
from ops.products.dns.record import READ_ONLY, managed

if TYPE_CHECKING:
    from ops.kinds.resource import Json

LARGEST = 64 << 20
YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_TEXTS = ("name", "type", "content", "comment", "id")
_SETTINGS = ("flatten_cname", "ipv4_only", "ipv6_only")
_HOSTS = ("CNAME", "MX", "NS", "PTR", "SRV", "HTTPS", "SVCB", "NAPTR")


class _Item(NamedTuple):
    """One record as it is in a file: its line, 0 where that is not known, and its number."""

    line: int
    number: int
    value: Any

    @property
    def place(self) -> str:
        return f"line {self.line}, record {self.number}" if self.line else f"record {self.number}"


class _Document(NamedTuple):
    items: list[_Item]
    zone: str = ""
    notes: tuple[str, ...] = ()


def read(
    file: str,
    zone: Json,
    proxied: bool | None = None,
    *,
    ending: str = "",
    strict: bool = False,
    fit_ttl: bool = False,
) -> RecordFile:
    """Return the records that *file* has for *zone*.

    *proxied* applies where a zone file does not say `cf-proxied`; *ending* is the file's own by default. With
    *fit_ttl* a TTL out of bounds becomes the nearest that is allowed. Raises ValidationError with places and
    reasons for what is wrong, and if *strict* for what would be skipped.
    """
    path = Path(file)
    ending = ending or path.suffix.lower()
    text = _text(path)
    try:
        if ending in (".csv", ".json", ".yaml", ".yml"):
            found = _checked(_document(text, ending, zone), zone)
        else:
            from ops.products.dns import zonefile

            found = zonefile.read(text, zone["name"], proxied)
        if found.zone and found.zone != zone["name"]:
            raise ValidationError(
                f"it is of the zone {found.zone}, not of {zone['name']}", hint=f"--zone {found.zone}"
            )
        raise_all(found.skipped if strict else ())
    except ValidationError as error:
        raise ValidationError(f"{file}: {error.message}", hint=error.hint) from None
    skipped = (f"skipped: {line}" for line in listed(found.skipped))
    found = found._replace(notes=(*found.notes, *skipped))
    return _fitted(found, zone) if fit_ttl else found


def _fitted(found: RecordFile, zone: Json) -> RecordFile:
    records, count = [], 0
    for entry in found.records:
        ttl = entry.record.get("ttl")
        fitted = checks.fitted_ttl(ttl, zone) if isinstance(ttl, int) else ttl
        count += fitted != ttl
        records.append(entry if fitted == ttl else entry._replace(record={**entry.record, "ttl": fitted}))
    note = (f"fitted to the bounds of the zone: {count} TTLs",) if count else ()
    return found._replace(records=records, notes=(*found.notes, *note))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ValidationError(
                f"{path} has more than {LARGEST >> 20} MiB", hint="a zone's records need far less"
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValidationError(f"{path} cannot be read: {error.strerror}", hint="check --file") from None
    except UnicodeDecodeError as error:
        raise ValidationError(
            f"{path} is not UTF-8 at byte {error.start}", hint="convert it, e.g. with `iconv -t utf-8`"
        ) from None


def _document(text: str, ending: str, zone: Json) -> _Document:
    """Return the items of *text*: a list of records, or the list in one of the documents that hold one."""
    import yaml

    if ending == ".csv":
        return _Document(list(_csv_items(text)))
    try:
        if ending == ".json":
            found, lines = json.loads(text), None
        else:
            found, lines = _yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValidationError(
            f"the file does not parse: {' '.join(str(error).split())}", hint="export it again, or fix it"
        ) from None
    if ending != ".json" and isinstance(found, dict) and not {"records", "items", "result"} & found.keys():
        from ops.products.dns import octodns

        return _Document([_Item(0, n, one) for n, one in enumerate(octodns.records(found, zone["name"]), 1)])
    items, notes = _items(found, whole=ending == ".json" or text.rstrip().endswith("\n..."))
    if lines is None:
        lines = _json_lines(text, len(items))
    named = str(found.get("zone") or "") if isinstance(found, dict) else ""
    places = lines if len(lines) == len(items) else [0] * len(items)
    numbered = enumerate(zip(places, items, strict=True), 1)
    return _Document([_Item(line, number, item) for number, (line, item) in numbered], named, notes)


def _items(found: Any, *, whole: bool) -> tuple[list[Any], tuple[str, ...]]:
    """Return the list of records in *found*: itself, of an export, of `--export`, or of an API's answer.

    A file that was cut has fewer records than its `count`; one that parses as *whole* was edited instead.
    """
    if isinstance(found, list):
        return found, ()
    names = ("records", "items", "result")
    items = (
        next((found[n] for n in names if isinstance(found.get(n), list)), None)
        if isinstance(found, dict)
        else None
    )
    if items is None:
        raise ValidationError(
            "the file has no list of records", hint="`inv dns.export --format json` writes one"
        )
    meta = found.get("meta") if isinstance(found.get("meta"), dict) else {}
    pages = found.get("result_info") if isinstance(found.get("result_info"), dict) else {}
    total = pages.get("total_count", len(items))
    count = found.get("count", meta.get("count", len(items)))
    if meta.get("complete") is False or found.get("success") is False or total != len(items):
        raise ValidationError(
            f"the file is not whole: its list of {len(items)} records was incomplete when it was written",
            hint="export it again",
        )
    if count == len(items):
        return items, ()
    if whole or (isinstance(count, int) and count < len(items)):
        return items, (f"count is {count}, and the file has {len(items)} records: read as edited by hand",)
    raise ValidationError(
        f"the file is not whole: it has {len(items)} records, and its count is {count}",
        hint=f"export it again; if you have removed records from it, set count to {len(items)}, or remove it",
    )


def _yaml(text: str) -> tuple[Any, list[int] | None]:
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


def _csv_items(text: str) -> Iterator[_Item]:
    import csv
    from difflib import get_close_matches
    from io import StringIO

    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        for name in rows.fieldnames or ():
            if name not in KNOWN:
                near = get_close_matches(name, KNOWN, n=1)
                suggestion = f"; did you mean {near[0]}?" if near else ""
                raise ValidationError(
                    f"line 1: the CSV has a column {name!r}{suggestion}",
                    hint=f"the first line names the columns: {', '.join(KNOWN[:10])}",
                )
        if not rows.fieldnames:
            raise ValidationError(
                "the CSV is empty", hint=f"the first line names the columns: {', '.join(KNOWN[:10])}"
            )
        for number, row in enumerate(rows, 1):
            if None in row:
                raise ValidationError(f"line {rows.line_num}: it has more cells than there are columns")
            yield _Item(rows.line_num, number, {name: _cell(name, cell) for name, cell in row.items()})
    except csv.Error as error:
        raise ValidationError(f"line {rows.line_num}: {error}", hint="nothing was sent") from None


def _cell(column: str, cell: str | None) -> Any:
    """Return a cell as the value it was made of; a leading `'` keeps spreadsheets from running the rest."""
    text = (cell or "").removeprefix("'")
    if column in _TEXTS:
        return text
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def _checked(document: _Document, zone: Json) -> RecordFile:
    records, errors = [], []
    for item in document.items:
        entry = FileRecord(item.place, {})
        try:
            record = _record(item.value, zone)
            records.append(entry._replace(record=record, managed=managed(item.value)))
        except OpsError as error:
            errors.append(entry.refused(error))
    raise_all(errors)
    return RecordFile(records, document.zone, document.notes)


def _record(item: Any, zone: Json) -> Json:
    """Return a record of a file with every value checked, and read where its meaning is plain."""
    if not isinstance(item, dict):
        raise ValidationError("it is not a record", hint="a record has at least name, type and content")
    for field in ("name", "type"):
        if not isinstance(item.get(field), str) or not item[field]:
            raise ValidationError(
                f"it has no {field}", hint=f"{field} is text; YAML may need quotes around it"
            )
    record: Json = {"name": full_name(item["name"], zone["name"], exported=bool(item.get("id")))}
    record["type"] = type = item["type"].strip().upper()
    for field, one in item.items():
        if field in ("name", "type") or (field in READ_ONLY and field != "id"):
            continue
        if one is None and field != "comment":
            continue
        read = _READ.get(field)
        value = read(one) if read else one
        if value is not None or field == "comment":
            record[field] = value
    if not record.get("id"):
        record.pop("id", None)
    _read_targets(record, type, zone["name"])
    return record


def _read_targets(record: Json, type: str, zone: str) -> None:
    """Put the zone's name for `@`, and check the fields of `data`."""
    content = record.get("content", "")
    if type in _HOSTS and content.split()[-1:] == [APEX]:
        record["content"] = f"{content.rstrip()[:-1]}{zone}"
    data, fields = record.get("data"), FIELDS.get(type)
    if not isinstance(data, dict) or fields is None:
        return
    if data.get(TARGETS.get(type)) == APEX:
        record["data"] = {**data, TARGETS[type]: zone}
    for name, one in data.items():
        if name not in fields and "id" not in record:
            from difflib import get_close_matches

            near = get_close_matches(str(name), fields, n=1)
            suggestion = f"; did you mean {near[0]}?" if near else ""
            raise ValidationError(
                f"data has no field {name!r}{suggestion}", hint=f"{type} has {', '.join(fields)}"
            )
        if name in fields and (isinstance(one, bool) or not isinstance(one, str | int | float)):
            raise ValidationError(
                f"data.{name} is {_shown(one)}, which is neither text nor a number",
                hint=f"{type} has {', '.join(fields)}",
            )


def _read_text(field: str) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise ValidationError(f"its {field} is not text", hint="put quotes around it")

    return read


def _read_number(field: str, words: Json) -> Callable[[Any], int | None]:
    def read(value: Any) -> int | None:
        text = str(value).strip().lower()
        if text in words:
            return int(words[text])
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, bool | float) and re.fullmatch(r"\d{1,10}", text):
            return int(text)
        if text == "":
            return None
        raise ValidationError(
            f"{field} is {_shown(value)}, which is not a whole number",
            hint="seconds, e.g. 300, or 1 for automatic" if field == "ttl" else "e.g. 10",
        )

    return read


def _read_yes_no(field: str) -> Callable[[Any], bool | None]:
    def read(value: Any) -> bool | None:
        text = str(value).strip().lower()
        if isinstance(value, bool) or text in YES_NO:
            return value if isinstance(value, bool) else YES_NO[text]
        if text == "":
            return None
        raise ValidationError(f"{field} is {_shown(value)}", hint=f"{field} is true or false")

    return read


def _read_tags(value: Any) -> list[str]:
    tags = value.split(",") if isinstance(value, str) else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValidationError(f"tags is {_shown(value)}, which is not a list", hint="e.g. [team:web]")
    return [tag.strip() for tag in tags if tag.strip()]


def _read_settings(value: Any) -> Json:
    if not isinstance(value, dict):
        raise ValidationError(
            f"settings is {_shown(value)}, which is not an object", hint='e.g. {"flatten_cname": true}'
        )
    return {str(name): _read_setting(str(name), one) for name, one in value.items()}


def _read_setting(name: str, value: Any) -> Any:
    from difflib import get_close_matches

    near = get_close_matches(name, _SETTINGS, n=1)
    if near and name not in _SETTINGS:
        raise ValidationError(
            f"settings has no {name!r}; did you mean {near[0]}?", hint=f"they are {', '.join(_SETTINGS)}"
        )
    return _read_yes_no(f"settings.{name}")(value) if name in _SETTINGS and value is not None else value


def _read_data(value: Any) -> Json:
    if not isinstance(value, dict):
        raise ValidationError(
            f"data is {_shown(value)}, which is not an object", hint="e.g. {flags: 0, tag: issue, value: x}"
        )
    return value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"


_READ: dict[Any, Callable[[Any], Any]] = {
    "content": _read_text("content"),
    "comment": _read_text("comment"),
    "id": _read_text("id"),
    "ttl": _read_number("ttl", {"auto": 1, "automatic": 1}),
    "priority": _read_number("priority", {}),
    "proxied": _read_yes_no("proxied"),
    "private_routing": _read_yes_no("private_routing"),
    "tags": _read_tags,
    "settings": _read_settings,
    "data": _read_data,
}
