"""A zone's records as a file that keeps everything (JSON, YAML), or as much as BIND's form can hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.http.shape import require
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
    return tuple(str(record.get(field, "")) for field in ("name", "type", "content", "priority", "id"))


def bind(zone: Json, records: Iterable[Json]) -> tuple[str, list[str]]:
    """Return the records as a zone file, and a sentence for each kind of thing that it cannot hold."""
    # Comments and tags follow the records in the form of the API's own export, which it reads back. SOA and
    # the NS of the zone itself are Cloudflare's and not among the records.
    lines = [f"$ORIGIN {zone['name']}."]
    settings, unreadable = [], []
    for record in sorted(records, key=_order):
        if set(value(record, "settings")) - {"flatten_cname"}:
            settings.append(record["name"])
        try:
            lines.append(_line(record))
        except OpsError:
            unreadable.append(f"{record['name']} {record['type']}")
            lines.append(f"; {record['name']}. {record['type']} cannot be written in a zone file")
    lost = {"settings other than flattening": settings, "content that no zone file can have": unreadable}
    losses = []
    for what, names in lost.items():
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            losses.append(f"not in a BIND file: {what} of {shown}; --format json keeps everything")
    return "\n".join(lines) + "\n", losses


def _line(record: Json) -> str:
    type = str(record["type"])
    if type == "TXT":
        text = quoted(strings_of(require(record, "a TXT record", content=str)["content"]))
    else:
        text = text_of(record)
    data = f"{name_of(record)}.\t{record['ttl']}\tIN\t{type}\t{parsed(type, text).to_text()}"
    comment, tags = record.get("comment") or "", []
    for tag in record.get("tags") or ():
        name, colon, text = tag.partition(":")
        if re.search(r'["=,\\]|^\s|\s$|cf_tags=', text):
            # Cloudflare documents a JSON string here. Within it the marker is escaped, or it would be taken
            # for the last one.
            text = json.dumps(text, ensure_ascii=False).replace("cf_tags=", "\\u0063f_tags=")
        tags.append(f"{name}{colon}{text}")
    if record.get("proxiable"):
        tags.append(f"cf-proxied:{str(bool(record['proxied'])).lower()}")
    if value(record, "settings").get("flatten_cname"):
        tags.append("cf-flatten-cname")
    # The last marker counts, so that a comment may contain one.
    marked = f"cf_tags={','.join(tags)}" if tags or "cf_tags=" in comment else ""
    remark = " ".join(filter(None, (comment, marked)))
    return f"{data} ; {remark}" if remark else data
