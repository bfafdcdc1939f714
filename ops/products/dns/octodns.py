"""Records of octoDNS's YAML: a mapping of names to records, each with `value` or `values`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError

if TYPE_CHECKING:
    from ops.items import Json

# octoDNS's default, where a record has none.
TTL = 3600
# The API's fields, with octoDNS's names for them, first the newer one.
_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "CAA": {"flags": ("flags",), "tag": ("tag",), "value": ("value",)},
    "DS": {
        "key_tag": ("key_tag", "flags"),
        "algorithm": ("algorithm", "protocol"),
        "digest_type": ("digest_type", "algorithm"),
        "digest": ("digest", "public_key"),
    },
    "LOC": {
        **{f: (f,) for f in ("lat_degrees", "lat_minutes", "lat_seconds", "lat_direction")},
        **{f: (f,) for f in ("long_degrees", "long_minutes", "long_seconds", "long_direction")},
        **{f: (f,) for f in ("altitude", "size", "precision_horz", "precision_vert")},
    },
    "NAPTR": {
        **{f: (f,) for f in ("order", "preference", "flags", "service", "replacement")},
        "regex": ("regexp",),
    },
    "SRV": {f: (f,) for f in ("priority", "weight", "port", "target")},
    "SSHFP": {"algorithm": ("algorithm",), "type": ("fingerprint_type",), "fingerprint": ("fingerprint",)},
    "TLSA": {
        "usage": ("certificate_usage",),
        "selector": ("selector",),
        "matching_type": ("matching_type",),
        "certificate": ("certificate_association_data",),
    },
    "URI": {"weight": ("weight",), "target": ("target",)},
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
    options = (record.get("octodns") or {}).get("cloudflare") or {}
    if (record.get("octodns") or {}).get("ignored"):
        return
    rest: Json = {"ttl": 1 if options.get("auto-ttl") else record.get("ttl", TTL)}
    if options.get("proxied"):
        rest |= {"proxied": True, "ttl": 1}
    rest |= {field: options[field] for field in ("comment", "tags") if options.get(field)}
    for value in values if isinstance(values, list) else [values]:
        # octoDNS's ALIAS at the apex is a CNAME that Cloudflare flattens.
        yield {"name": name, "type": "CNAME" if type == "ALIAS" else type, **_rdata(type, value), **rest}


def _rdata(type: str, value: Any) -> Json:
    if not isinstance(value, dict):
        text = str(value)
        return {"content": _txt(text) if type in ("TXT", "SPF") else text}
    if type == "MX":
        return {
            "content": value.get("exchange", value.get("value")),
            "priority": value.get("preference", value.get("priority")),
        }
    if type in ("HTTPS", "SVCB"):
        parameters = value.get("svcparams") or {}
        data = {"priority": value.get("svcpriority"), "target": value.get("targetname")}
        return {"data": data | {"value": " ".join(_parameter(*one) for one in parameters.items())}}
    fields = _FIELDS.get(type)
    if fields is None:
        return {"data": value}
    found = {ours: next((value[f] for f in theirs if f in value), None) for ours, theirs in fields.items()}
    data = {field: one for field, one in found.items() if one is not None}
    return {"data": data} | ({"priority": value.get("priority")} if type == "URI" else {})


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
