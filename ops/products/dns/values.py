"""The values of a record in a file: checked as those of the command line are, and read where they are plain.

`FALSE` of a spreadsheet, `"off"` and `"300"` are plain; what is not is refused with its field. octoDNS's
YAML, a mapping of names to records with `value` or `values`, is turned into such records first.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.names import APEX, full_name
from ops.products.dns.rdata import FIELDS, NUMBERS, TARGETS, TYPES
from ops.products.dns.record import READ_ONLY, YES_NO, did_you_mean

if TYPE_CHECKING:
    from ops.items import Json

_SETTINGS = ("flatten_cname", "ipv4_only", "ipv6_only")
# octoDNS's default, where a record has none.
OCTODNS_TTL = 3600
# Where octoDNS's name of a field is not the API's.
_OCTODNS_FIELDS = {
    "certificate_association_data": "certificate",
    "certificate_usage": "usage",
    "fingerprint_type": "type",
    "regexp": "regex",
    "svcpriority": "priority",
    "targetname": "target",
}
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
            value = _READ[field](field, one) if one is not None and field in _READ else one
        except ValidationError as error:
            errors.append(error)
        else:
            record |= {field: value} if value is not None or field == "comment" else {}
    if errors:
        raise ValidationError("; ".join(error.message for error in errors), hint=errors[0].hint)
    if not record.get("id"):
        record.pop("id", None)
    if "id" not in record:
        for field, types in (("data", FIELDS), ("priority", NUMBERS)):
            if field in record and type in TYPES and type not in types:
                raise ValidationError(
                    f"a record of type {type} has no {field}", hint=f"{field} is for {', '.join(types)}"
                )
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
            raise ValidationError(
                f"data has no field {name!r}{did_you_mean(name, fields)}",
                hint=f"{type} has {', '.join(fields)}",
            )
        if name in fields and (isinstance(one, bool) or not isinstance(one, str | int | float)):
            raise ValidationError(
                f"data.{name} is {_shown(one)}, which is neither text nor a number",
                hint=f"{type} has {', '.join(fields)}",
            )


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
    raise ValidationError(
        f"{field} is {_shown(value)}, which is not a whole number",
        hint="seconds, e.g. 300, or 1 for automatic" if field == "ttl" else "e.g. 10",
    )


def _yes_no(field: str, value: Any) -> bool | None:
    text = _word(value)
    if text in YES_NO or text == "":
        return YES_NO.get(text)
    raise ValidationError(
        f"{field} is {_shown(value)}, which is neither true nor false", hint=f"{field} is true or false"
    )


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
    found = dict(_object(field, value))
    for name, one in found.items():
        if name in _SETTINGS and one is not None:
            found[name] = _yes_no(f"settings.{name}", one)
        elif near := did_you_mean(name, _SETTINGS):
            raise ValidationError(
                f"settings has no {name!r}{near}", hint=f"the settings are {', '.join(_SETTINGS)}"
            )
    return found


def _shown(value: Any) -> str:
    """Return *value* for a message, shortened."""
    return reprlib.repr(value) if isinstance(value, dict | list) else json.dumps(value, default=str)[:60]


_READ: dict[Any, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("content", "comment", "id"), _text),
    **dict.fromkeys(("ttl", "priority"), _number),
    **dict.fromkeys(("proxied", "private_routing"), _yes_no),
    "tags": _tags,
    "settings": _settings,
    "data": _object,
}


def octodns_records(document: Json, zone: str) -> Iterator[Json]:
    """Yield the records of octoDNS's *document* as a file of our own has them. Raises ValidationError."""
    for name, held in document.items():
        full = "@" if name in ("", None) else f"{name}.{zone}."
        for record in held if isinstance(held, list) else [held]:
            if not isinstance(record, dict) or not isinstance(record.get("type"), str):
                raise ValidationError(
                    f"the file has no list of records, and {name!r} is not a record of octoDNS",
                    hint="`inv dns.export --format yaml` writes a list of records",
                )
            own = _mapping(record.get("octodns"))
            if own.get("ignored"):
                continue
            type, options = record["type"].upper(), _mapping(own.get("cloudflare"))
            for field in record.keys() - {"type", "ttl", "value", "values", "octodns"}:
                raise ValidationError(
                    f"the {type} record {full} of octoDNS has {field!r}, which has no equivalent here"
                    f"{did_you_mean(field, ('ttl', 'value', 'values'))}",
                    hint="remove it: of octoDNS, type, ttl, value and values are read, "
                    "and octodns.cloudflare",
                )
            automatic = options.get("auto-ttl") or options.get("proxied")
            rest: Json = {"ttl": 1 if automatic else record.get("ttl", OCTODNS_TTL)}
            rest |= {field: options[field] for field in ("comment", "tags") if options.get(field)}
            rest |= {"proxied": True} if options.get("proxied") else {}
            values = record.get("values", record.get("value"))
            for value in values if isinstance(values, list) else [values]:
                # octoDNS's ALIAS at the apex is a CNAME that Cloudflare flattens.
                kind = "CNAME" if type == "ALIAS" else type
                yield {"name": full, "type": kind, **_octodns_rdata(type, value), **rest}


def _octodns_rdata(type: str, value: Any) -> Json:
    if isinstance(value, list):
        raise ValidationError(
            f"a {type} record of octoDNS has a list in its values", hint="values is one list"
        )
    if not isinstance(value, dict):
        text = str(value)
        if type in ("TXT", "SPF"):
            # octoDNS writes `;` as `\;`, and quotes only to cut long text.
            text = text.replace("\\;", ";")
            if "\\" in text and not text.startswith('"'):
                text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return {"content": text}
    if type == "MX":
        return {
            "content": value.get("exchange", value.get("value")),
            "priority": value.get("preference", value.get("priority")),
        }
    data = {_OCTODNS_FIELDS.get(field, field): one for field, one in value.items()}
    if type in ("HTTPS", "SVCB"):
        words = []
        for name, one in _mapping(data.pop("svcparams", None)).items():
            text = ",".join(map(str, one)) if isinstance(one, list) else one
            words.append(name if one in (None, "") else f'{name}="{text}"')
        data["value"] = " ".join(words)
    beside = {"priority": data.pop("priority", None)} if type == "URI" else {}
    return {"data": data, **beside}


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
