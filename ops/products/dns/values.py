"""The values of a record in a file: checked as those of the command line are, and read where they are plain.

`FALSE` of a spreadsheet, `"off"` and `"300"` are plain; what is not is refused with its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.names import APEX, full_name
from ops.products.dns.rdata import FIELDS, TARGETS
from ops.products.dns.record import READ_ONLY

if TYPE_CHECKING:
    from ops.items import Json

YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_SETTINGS = ("flatten_cname", "ipv4_only", "ipv6_only")
_HOSTS = ("CNAME", "MX", "NS", "PTR", "SRV", "HTTPS", "SVCB", "NAPTR")


def read_record(item: Any, zone: Json) -> Json:
    """Return a record of a file with every value checked, and read where its meaning is plain."""
    if not isinstance(item, dict):
        raise ValidationError("it is not a record", hint="a record has at least name, type and content")
    for field in ("name", "type"):
        one = item.get(field)
        if not isinstance(one, str) or not one:
            what = f"it has no {field}" if one in (None, "") else f"its {field} is {_shown(one)}, not text"
            raise ValidationError(what, hint=f"{field} is text; YAML may need quotes around it")
    record: Json = {"name": full_name(item["name"], zone["name"], exported=bool(item.get("id")))}
    record["type"] = type = item["type"].strip().upper()
    errors = []
    for field, one in item.items():
        if field in ("name", "type", *READ_ONLY[1:]) or (one is None and field != "comment"):
            continue
        try:
            value = _READ[field](one) if field in _READ else one
        except ValidationError as error:
            errors.append(error)
        else:
            record |= {field: value} if value is not None or field == "comment" else {}
    if errors:
        raise ValidationError("; ".join(error.message for error in errors), hint=errors[0].hint)
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
        raise ValidationError(
            f"{field} is {_shown(value)}, which is neither true nor false", hint=f"{field} is true or false"
        )

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
    """Return *value* for a message; what nests is only named, because aliases of YAML can make it endless."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if any(isinstance(one, dict | list) for one in held):
        return "a nested mapping or list"
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
