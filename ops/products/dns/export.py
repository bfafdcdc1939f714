"""A zone's records as a file that keeps everything (JSON, YAML), or as much as BIND's form can hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.products.dns.rdata import parsed
from ops.products.dns.record import value
from ops.products.dns.strings import quoted, said

if TYPE_CHECKING:
    from ops.kinds.resource import Json

FORMATS = ("bind", "json", "yaml")


def document(zone: Json, records: Iterable[Json]) -> Json:
    """Give the records exactly as the API sent them; `count` shows whether a copy was cut."""
    ordered = sorted(records, key=_order)
    return {"zone": zone["name"], "zone_id": zone["id"], "count": len(ordered), "records": ordered}


def _order(record: Json) -> tuple[str, ...]:
    fields = ("name", "type", "content", "priority", "id")
    return tuple(str(record.get(field, "")) for field in fields)


def bind(zone: Json, records: Iterable[Json]) -> tuple[str, list[str]]:
    """Give the records as a zone file, and a sentence for each kind of thing that it cannot hold.

    Comments and tags stand behind the records in the form of the API's own export, which it reads back.
    SOA and the NS of the zone itself are Cloudflare's and not among the records.
    """
    lines, lost = [f"$ORIGIN {zone['name']}."], Losses()
    for record in sorted(records, key=_order):
        lost.look_at(record)
        lines.append(_line(record, lost))
    return "\n".join(lines) + "\n", lost.told()


class Losses:
    """Counts what a zone file cannot hold."""

    def __init__(self) -> None:
        self._settings: list[str] = []
        self._tags: list[str] = []
        self.unreadable: list[str] = []

    def look_at(self, record: Json) -> None:
        if set(value(record, "settings")) - {"flatten_cname"}:
            self._settings.append(record["name"])
        if any("," in tag for tag in record.get("tags") or ()) or "cf_tags=" in (record.get("comment") or ""):
            self._tags.append(record["name"])

    def told(self) -> list[str]:
        kinds = {
            "settings other than flattening": self._settings,
            "tags or comments that read back differently": self._tags,
            "content that no zone file can say": self.unreadable,
        }
        return [
            f"not in a BIND file: {what} of {_names(names)}; --format json keeps all"
            for what, names in kinds.items()
            if names
        ]


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _line(record: Json, lost: Losses) -> str:
    try:
        text = _rdata(record)
    except OpsError:
        lost.unreadable.append(f"{record['name']} {record['type']}")
        return f"; {record['name']}. {record['type']} cannot be written as a zone file has it"
    tags = [*(record.get("tags") or ()), *_reserved(record)]
    words = [record.get("comment") or "", f"cf_tags={','.join(tags)}" if tags else ""]
    remark = " ".join(filter(None, words))
    data = f"{record['name']}.\t{record['ttl']}\tIN\t{record['type']}\t{text}"
    return f"{data} ; {remark}" if remark else data


def _rdata(record: Json) -> str:
    from ops.products.dns.content import text_of

    type = str(record["type"])
    text = quoted(said(record["content"])) if type == "TXT" else text_of(record)
    return str(parsed(type, text).to_text())


def _reserved(record: Json) -> list[str]:
    flat = ["cf-flatten-cname"] if value(record, "settings").get("flatten_cname") else []
    proxied = [f"cf-proxied:{str(bool(record['proxied'])).lower()}"] if record.get("proxiable") else []
    return proxied + flat
