"""The values of a record in a file: checked as those of the command line are, and read where they are plain.

`FALSE` of a spreadsheet, `"off"` and `"300"` are plain; what is not is refused with its field.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.entries import FileRecord
from ops.products.dns.names import APEX, full_name
from ops.products.dns.rdata import FIELDS, NUMBERS, TARGETS, TYPES
from ops.products.dns.record import READ_ONLY, YES_NO, did_you_mean, managed

if TYPE_CHECKING:
    from ops.items import Json

_SETTINGS = ("flatten_cname", "ipv4_only", "ipv6_only")
_HOSTS = ("CNAME", "MX", "NS", "PTR", "SRV", "HTTPS", "SVCB", "NAPTR")


def read_record(entry: FileRecord, item: Any, zone: Json) -> FileRecord:
    """Return *entry* with the fields of *item*, each checked, and read where its meaning is plain."""
    errors = [*entry.errors]
    if not isinstance(item, dict):
        error = ValidationError("it is not a record", hint="a record has at least name, type and content")
        problems = ("name", entry.refused(error)), ("type", entry.refused(error))
        return entry._replace(record={"name": "", "type": ""}, errors=problems)
    record: Json = {}
    for field in ("name", "type"):
        one = item.get(field)
        with entry.collected(errors, field):
            if not isinstance(one, str) or not one:
                what = (
                    f"it has no {field}" if one in (None, "") else f"its {field} is {_shown(one)}, not text"
                )
                raise ValidationError(what, hint=f"{field} is text; YAML may need quotes around it")
        record[field] = one if isinstance(one, str) else ""
    with entry.collected(errors, "name"):
        record["name"] = full_name(record["name"], zone["name"], exported=bool(item.get("id")))
    record["type"] = type = record["type"].strip().upper()
    for field, one in item.items():
        if field in ("name", "type", *READ_ONLY[1:]) or (one is None and field != "comment"):
            continue
        with entry.collected(errors, field):
            value = _READ[field](field, one) if one is not None and field in _READ else one
            _refuse_surrogates(field, value)
            record |= {field: value} if value is not None or field == "comment" else {}
    if not record.get("id"):
        record.pop("id", None)
    for field, problem, hint in _read_targets(record, type, zone["name"]):
        errors.append((field, entry.refused(ValidationError(problem, hint=hint), field)))
    raw = item if errors and "id" in record else None
    return entry._replace(record=record, managed=managed(item), errors=tuple(errors), raw=raw)


def _read_targets(record: Json, type: str, zone: str) -> Iterator[tuple[str, str, str]]:
    """Put the zone's name for `@`, and yield what is wrong with `data`, its fields, and a priority."""
    for field, types in (("data", FIELDS), ("priority", NUMBERS)):
        if "id" not in record and field in record and type in TYPES and type not in types:
            del record[field]
            yield field, f"a record of type {type} has no {field}", f"{field} is for {', '.join(types)}"
    content = record.get("content", "")
    if type in _HOSTS and content.split()[-1:] == [APEX]:
        record["content"] = f"{content.rstrip()[:-1]}{zone}"
    data, fields = record.get("data"), FIELDS.get(type)
    if not isinstance(data, dict) or fields is None:
        return
    if data.get(TARGETS.get(type)) == APEX:
        record["data"] = {**data, TARGETS[type]: zone}
    hint = f"{type} has {', '.join(fields)}"
    for name, one in data.items():
        if name not in fields and "id" not in record:
            yield "data", f"data has no field {name!r}{did_you_mean(name, fields)}", hint
        elif name in fields and (isinstance(one, bool) or not isinstance(one, str | int | float)):
            yield "data", f"data.{name} is {_shown(one)}, which is neither text nor a number", hint


def _refuse_surrogates(field: str, value: Any) -> None:
    texts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
    try:
        "".join(one for one in texts if isinstance(one, str)).encode()
    except UnicodeEncodeError:
        hint = "a lone surrogate such as \\ud800 is not a character"
        raise ValidationError(f"{field} is not valid UTF-8", hint=hint) from None


def _text(field: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValidationError(f"its {field} is not text", hint="put quotes around it")


def _number(field: str, value: Any) -> int | None:
    text = _word(value)
    if text in ("auto", "automatic") and field == "ttl":
        return 1
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if text == "" or (re.fullmatch(r"\d{1,10}", text) and not isinstance(value, float)):
        return int(text) if text else None
    hint = "seconds, e.g. 300, or 1 for automatic" if field == "ttl" else "e.g. 10"
    raise ValidationError(f"{field} is {_shown(value)}, which is not a whole number", hint=hint)


def _yes_no(field: str, value: Any) -> bool | None:
    text = _word(value)
    if text in YES_NO or text == "":
        return YES_NO.get(text)
    hint = f"{field} is true or false"
    raise ValidationError(f"{field} is {_shown(value)}, which is neither true nor false", hint=hint)


def _word(value: Any) -> str:
    """Return a scalar as a word; what nests is none, because aliases of YAML can make it endless."""
    return str(value).strip().lower() if isinstance(value, str | int | float) else "?"


def _tags(_field: str, value: Any) -> list[str]:
    tags = value.split(",") if isinstance(value, str) else value
    wrong = [tag for tag in tags if not isinstance(tag, str)] if isinstance(tags, list) else []
    if wrong:
        shown = "null" if wrong[0] is None else _shown(wrong[0])
        raise ValidationError(f"tags contains {shown}, which is not text", hint="e.g. [team:web]")
    if not isinstance(tags, list):
        raise ValidationError(f"tags is {_shown(value)}, which is not a list", hint="e.g. [team:web]")
    return [tag.strip() for tag in tags if tag.strip()]


def _object(field: str, value: Any) -> Json:
    if isinstance(value, dict):
        return value
    example = '{"flatten_cname": true}' if field == "settings" else "{flags: 0, tag: issue, value: x}"
    raise ValidationError(f"{field} is {_shown(value)}, which is not an object", hint=f"e.g. {example}")


def _settings(field: str, value: Any) -> Json:
    found, wrong = dict(_object(field, value)), []
    for name, one in found.items():
        if name in _SETTINGS and one is not None:
            try:
                found[name] = _yes_no(f"settings.{name}", one)
            except ValidationError as error:
                wrong.append(error.message)
        elif near := did_you_mean(name, _SETTINGS):
            wrong.append(f"settings has no {name!r}{near}")
    if wrong:
        raise ValidationError("; ".join(wrong), hint=f"{', '.join(_SETTINGS)} are true or false")
    return found


def _shown(value: Any) -> str:
    """Return *value* for a message, shortened."""
    text = reprlib.repr(value) if isinstance(value, dict | list) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"


_READ: dict[Any, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("content", "comment", "id"), _text),
    **dict.fromkeys(("ttl", "priority"), _number),
    **dict.fromkeys(("proxied", "private_routing"), _yes_no),
    "tags": _tags,
    "settings": _settings,
    "data": _object,
}
