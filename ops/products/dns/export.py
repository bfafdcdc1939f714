"""A zone's records as a file that keeps everything (JSON, YAML), or as much as BIND's form can hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.products.dns.names import name_of
from ops.products.dns.rdata import parsed, text_of
from ops.products.dns.record import value
from ops.products.dns.strings import quoted, strings_of

if TYPE_CHECKING:
    from ops.items import Json

FORMATS = ("bind", "json", "yaml")


def document(zone: Json, records: Iterable[Json]) -> Json:
    """Return the records exactly as the API sent them; `count` shows whether a copy was cut."""
    ordered = sorted(records, key=_order)
    return {"zone": zone["name"], "zone_id": zone["id"], "count": len(ordered), "records": ordered}


def _order(record: Json) -> tuple[str, ...]:
    fields = ("name", "type", "content", "priority", "id")
    return tuple(str(record.get(field, "")) for field in fields)


def bind(zone: Json, records: Iterable[Json]) -> tuple[str, list[str]]:
    """Return the records as a zone file, and a sentence for each kind of thing that it cannot hold.

    Comments and tags follow the records in the form of the API's own export, which it reads back. SOA and
    the NS of the zone itself are Cloudflare's and not among the records.
    """
    lines = [f"$ORIGIN {zone['name']}."]
    lost: dict[str, list[str]] = {
        "settings other than flattening": [],
        "content that no zone file can have": [],
    }
    settings, unreadable = lost.values()
    for record in sorted(records, key=_order):
        if set(value(record, "settings")) - {"flatten_cname"}:
            settings.append(record["name"])
        try:
            lines.append(_line(record))
        except OpsError:
            unreadable.append(f"{record['name']} {record['type']}")
            lines.append(f"; {record['name']}. {record['type']} cannot be written in a zone file")
    losses = [
        f"not in a BIND file: {what} of {_names(names)}; --format json keeps everything"
        for what, names in lost.items()
        if names
    ]
    return "\n".join(lines) + "\n", losses


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _line(record: Json) -> str:
    type = str(record["type"])
    text = quoted(strings_of(record["content"])) if type == "TXT" else text_of(record)
    data = f"{name_of(record)}.\t{record['ttl']}\tIN\t{type}\t{parsed(type, text).to_text()}"
    comment = record.get("comment") or ""
    tags = [*map(_tag, record.get("tags") or ()), *_reserved(record)]
    # The last marker counts, so that a comment may contain one.
    marked = f"cf_tags={','.join(tags)}" if tags or "cf_tags=" in comment else ""
    remark = " ".join(filter(None, (comment, marked)))
    return f"{data} ; {remark}" if remark else data


def _tag(tag: str) -> str:
    """Return a tag as Cloudflare documents it: a value with `"`, `=`, `,` or a backslash is a JSON string."""
    name, colon, text = tag.partition(":")
    special = re.search(r'["=,\\]|^\s|\s$|cf_tags=', text)
    # Within a JSON string the marker is escaped, or it would be taken for the last one.
    written = json.dumps(text, ensure_ascii=False).replace("cf_tags=", "\\u0063f_tags=")
    return f"{name}{colon}{written if special else text}"


def _reserved(record: Json) -> list[str]:
    flat = ["cf-flatten-cname"] if value(record, "settings").get("flatten_cname") else []
    proxied = [f"cf-proxied:{str(bool(record['proxied'])).lower()}"] if record.get("proxiable") else []
    return proxied + flat
