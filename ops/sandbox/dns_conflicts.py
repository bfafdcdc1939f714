"""Which DNS records may not stand beside each other under one name."""

from __future__ import annotations

import json

from ops.sandbox.dns_content import unquoted
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Refusal

_ADDRESSES = ("A", "AAAA", "CNAME")


def refuse_conflicts(store: Store, zone_id: str, apex: str, record: Json) -> None:
    """Refuse what may not stand beside the records of the same name."""
    sql = "SELECT type, body FROM dns_record WHERE zone = ? AND name = ? AND id <> ?"
    rows = store.rows(sql, (zone_id, record["name"].lower(), record["id"]))
    _refuse_equal(record, [json.loads(body) for type, body in rows if type == record["type"]])
    types = {type for type, _ in rows}
    if record["type"] == "CNAME" and types & set(_ADDRESSES):
        raise Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    if record["type"] in ("A", "AAAA") and "CNAME" in types:
        raise Refusal(400, 81054, "A CNAME record with that host already exists.")
    if record["name"].lower() != apex:
        _refuse_delegated(record["type"], types)


def _refuse_delegated(type: str, types: set[str]) -> None:
    if type in _ADDRESSES and "NS" in types:
        raise Refusal(400, 81056, "NS records with that host already exist.")
    if type == "NS" and types & set(_ADDRESSES):
        raise Refusal(400, 81055, "A, AAAA, or CNAME records with that host already exist.")


def _refuse_equal(record: Json, others: list[Json]) -> None:
    for other in others:
        if _same_content(record, other):
            rest = ("ttl", "proxied", "comment", "tags")
            if all(record[name] == other[name] for name in rest):
                raise Refusal(400, 81058, "An identical record already exists.")
            raise Refusal(400, 81057, "The record already exists.")


def _same_content(one: Json, other: Json) -> bool:
    """Tell whether two records of one name and type say the same."""
    if one.get("priority") != other.get("priority"):
        return False
    if one["type"] == "TXT":
        return unquoted(one["content"]) == unquoted(other["content"])
    return bool(one["content"].lower() == other["content"].lower())
