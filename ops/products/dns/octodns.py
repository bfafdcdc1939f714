"""Records of octoDNS's YAML: a mapping of names to records, each with `value` or `values`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.record import did_you_mean

if TYPE_CHECKING:
    from ops.items import Json

# octoDNS's default, where a record has none.
TTL = 3600
# Where octoDNS's name of a field is not the API's.
_FIELDS = {
    "certificate_association_data": "certificate",
    "certificate_usage": "usage",
    "fingerprint_type": "type",
    "regexp": "regex",
    "svcpriority": "priority",
    "targetname": "target",
}


def records(document: Json, zone: str) -> Iterator[Json]:
    """Yield the records of *document* as a file of our own has them. Raises ValidationError."""
    for name, held in document.items():
        for record in held if isinstance(held, list) else [held]:
            if not isinstance(record, dict) or not isinstance(record.get("type"), str):
                raise ValidationError(
                    f"the file has no list of records, and {name!r} is not a record of octoDNS",
                    hint="`inv dns.export --format yaml` writes a list of records",
                )
            yield from _records("@" if name in ("", None) else f"{name}.{zone}.", record)


def _records(name: str, record: Json) -> Iterator[Json]:
    type = record["type"].upper()
    values = record.get("values", record.get("value"))
    own = _mapping(record.get("octodns"))
    options = _mapping(own.get("cloudflare"))
    if own.get("ignored"):
        return
    for field in record.keys() - {"type", "ttl", "value", "values", "octodns"}:
        raise ValidationError(
            f"the {type} record {name} of octoDNS has {field!r}, which has no equivalent here"
            f"{did_you_mean(field, ('ttl', 'value', 'values'))}",
            hint="remove it: of octoDNS, type, ttl, value and values are read, and octodns.cloudflare",
        )
    rest: Json = {"ttl": 1 if options.get("auto-ttl") else record.get("ttl", TTL)}
    if options.get("proxied"):
        rest |= {"proxied": True, "ttl": 1}
    rest |= {field: options[field] for field in ("comment", "tags") if options.get(field)}
    for value in values if isinstance(values, list) else [values]:
        # octoDNS's ALIAS at the apex is a CNAME that Cloudflare flattens.
        yield {"name": name, "type": "CNAME" if type == "ALIAS" else type, **_rdata(type, value), **rest}


def _rdata(type: str, value: Any) -> Json:
    if isinstance(value, list):
        raise ValidationError(
            f"a {type} record of octoDNS has a list in its values", hint="values is one list"
        )
    if not isinstance(value, dict):
        text = str(value)
        return {"content": _txt(text) if type in ("TXT", "SPF") else text}
    if type == "MX":
        return {
            "content": value.get("exchange", value.get("value")),
            "priority": value.get("preference", value.get("priority")),
        }
    data = {_FIELDS.get(field, field): one for field, one in value.items()}
    if type in ("HTTPS", "SVCB"):
        data["value"] = " ".join(_parameter(*one) for one in _mapping(data.pop("svcparams", None)).items())
    beside = {"priority": data.pop("priority", None)} if type == "URI" else {}
    return {"data": data, **beside}


def _txt(text: str) -> str:
    """Return text of octoDNS, which writes `;` as `\\;` and quotes only to cut long text."""
    plain = text.replace("\\;", ";")
    if plain.startswith('"'):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"' if "\\" in plain else plain


def _parameter(name: str, value: Any) -> str:
    if value is None or value == "":
        return name
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f'{name}="{text}"'


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
