"""octoDNS's YAML, a mapping of names to records with `value` or `values`, as records of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, ValidationError
from ops.products.dns.entries import FileRecord
from ops.products.dns.record import did_you_mean

if TYPE_CHECKING:
    from ops.items import Json

# Where octoDNS's name of a field is not the API's.
_FIELDS = {
    "certificate_association_data": "certificate",
    "certificate_usage": "usage",
    "fingerprint_type": "type",
    "regexp": "regex",
    "svcpriority": "priority",
    "targetname": "target",
}


def records(
    document: Json, node: Any, zone: str, errors: list[OpsError]
) -> Iterator[tuple[FileRecord, Json]]:
    """Yield the records of *document*, with their lines in *node*, its YAML; the others become *errors*."""
    keys = {(key.tag, key.value): (key, value) for key, value in node.value}
    for (name, held), (key, value) in zip(document.items(), keys.values(), strict=False):
        # What YAML takes for a number or a boolean, such as `on`, is a name here.
        written = "" if name is None else str(key.value)
        whole = f"{written}.{zone}." if written else "@"
        many = isinstance(held, list)
        for record, at in zip(held if many else [held], value.value if many else [value], strict=True):
            entry = FileRecord(f"line {at.start_mark.line + 1}", {})
            if isinstance(record, dict) and isinstance(record.get("type"), str):
                lines = {str(field.value): field.start_mark.line + 1 for field, _ in at.value}
                yield from _values(entry._replace(lines=lines), record, at, whole)
                continue
            error = f"the file has no list of records, and {written!r} is not a record of octoDNS"
            hint = "`inv dns.export --format yaml` writes a list of records"
            errors.append(entry.refused(ValidationError(error, hint=hint)))


def _values(entry: FileRecord, record: Json, node: Any, name: str) -> Iterator[tuple[FileRecord, Json]]:
    """Yield one record for each value of octoDNS's *record*, each with the line of the value."""
    own = _mapping(record.get("octodns"))
    if own.get("ignored"):
        return
    type, options, errors = record["type"].upper(), _mapping(own.get("cloudflare")), [*entry.errors]
    for field in [field for field in record if field not in ("type", "ttl", "value", "values", "octodns")]:
        with entry.collected(errors, field):
            raise ValidationError(
                f"the {type} record {name} of octoDNS has {field!r}, which has no equivalent here"
                f"{did_you_mean(field, ('ttl', 'value', 'values'))}",
                hint="remove it: of octoDNS, type, ttl, value and values are read, and octodns.cloudflare",
            )
    automatic = options.get("auto-ttl") or options.get("proxied")
    # An hour is octoDNS's default.
    rest: Json = {"ttl": 1 if automatic else record.get("ttl", 3600)}
    rest |= {field: options[field] for field in ("comment", "tags") if options.get(field)}
    rest |= {"proxied": True} if options.get("proxied") else {}
    field = "values" if "values" in record else "value"
    # With a merge key (`<<`), the last of two is the one that counts.
    held = {key.value: value for key, value in node.value}.get(field, node)
    many = isinstance(record.get(field), list) and bool(record[field])
    for value, at in zip(
        record[field] if many else [record.get(field)], held.value if many else [held], strict=True
    ):
        line, own_errors, rdata = at.start_mark.line + 1, [*errors], {}
        entry = entry._replace(place=f"line {line}")
        with entry.collected(own_errors, "content"):
            if value is None or not (isinstance(value, dict) or isinstance(at.value, str)):
                what = "a list in its values" if value else "no value"
                hint = "value is one, and values a list of them"
                raise ValidationError(f"the {type} record {name} of octoDNS has {what}", hint=hint)
            rdata = _rdata(type, value, at)
        # octoDNS's ALIAS at the apex is a CNAME that Cloudflare flattens.
        item = {"name": name, "type": "CNAME" if type == "ALIAS" else type, **rdata, **rest}
        yield entry._replace(errors=tuple(own_errors)), item


def _rdata(type: str, value: Any, node: Any) -> Json:
    if not isinstance(value, dict):
        # As it is written, whatever YAML takes it for.
        text = str(node.value)
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
    data = {_FIELDS.get(field, field): one for field, one in value.items()}
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
