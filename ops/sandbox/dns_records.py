"""DNS records: build one from a request, check the rules, store it.

Functions that write expect to run inside a transaction of the store.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from ops.sandbox import dns_types
from ops.sandbox.dns_types import UNREACHABLE, checked_content, complete, invalid, is_hostname, strings
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Refusal, dumps, require

_TAG = re.compile(r"[A-Za-z0-9_-]{1,32}(:.{0,100})?")
_SENT = ("name", "type", "content", "data", "proxied", "ttl", "settings", "comment", "tags", "priority")


@dataclass(frozen=True)
class Zone:
    """The facts of a zone that the rules need. *paid*: any plan but Free."""

    id: str
    name: str
    paid: bool
    enterprise: bool

    @property
    def quota(self) -> int:
        return 3500 if self.paid else 200


def zone_of(store: Store, zone_id: str) -> Zone:
    zone = store.get_document("zone", "", zone_id)
    plan = zone["plan"]["legacy_id"]
    return Zone(zone_id, zone["name"], plan != "free", plan == "enterprise")


def record_of(store: Store, zone_id: str, record_id: str) -> Json:
    """Return a record, or refuse with 81044."""
    text = store.value("SELECT body FROM dns_record WHERE zone = ? AND id = ?", (zone_id, record_id))
    if text is None:
        raise missing()
    return dict(json.loads(text))


def missing() -> Refusal:
    return Refusal(404, 81044, "Record does not exist.")


def create(store: Store, zone: Zone, sent: Json) -> Json:
    """Store a new record; refuse conflicts, broken rules and an exhausted quota."""
    record = built(zone, sent, new_id(), store.stamp())
    _refuse_conflicts(store, zone.id, zone.name, record)
    used = store.value("SELECT count(*) FROM dns_record WHERE zone = ?", (zone.id,))
    if used >= zone.quota and not zone.enterprise:
        raise Refusal(400, 81045, f"The record quota of {zone.quota} has been exceeded.")
    save(store, zone.id, record)
    return record


def change(store: Store, zone: Zone, record_id: str, sent: Json, *, replace: bool) -> Json:
    """Change a record: PATCH keeps the fields that are not sent, PUT (*replace*) resets them."""
    old = record_of(store, zone.id, record_id)
    if replace and not {"name", "type"} <= set(sent):
        raise invalid(9020, "name and type are required to overwrite a record.")
    kept = {} if replace else {name: old[name] for name in _SENT if name in old}
    if {"content", "data"} & set(sent):
        kept = {name: value for name, value in kept.items() if name not in ("content", "data")}
    # A record whose new type cannot be proxied is no longer proxied.
    if sent.get("type", kept.get("type")) not in dns_types.PROXIABLE and "proxied" not in sent:
        kept["proxied"] = False
    record = built(zone, {**kept, **sent}, record_id, store.stamp())
    record["created_on"] = old["created_on"]
    for name in ("comment", "tags"):
        stamp = record["modified_on"] if record[name] != old[name] else old.get(f"{name}_modified_on")
        if stamp:
            record[f"{name}_modified_on"] = stamp
    _refuse_conflicts(store, zone.id, zone.name, record)
    save(store, zone.id, record)
    return record


def delete(store: Store, zone_id: str, record_id: str) -> Json:
    """Delete a record and return it."""
    record = record_of(store, zone_id, record_id)
    store.run("DELETE FROM dns_record WHERE zone = ? AND id = ?", (zone_id, record_id))
    return record


def built(zone: Zone, sent: Json, record_id: str, stamp: str) -> Json:
    """Return the record that *sent* describes, after checking every rule."""
    require(isinstance(sent, dict) and isinstance(sent.get("settings") or {}, dict))
    type, name = str(sent.get("type")).upper(), sent.get("name")
    if type not in dns_types.TYPES:
        raise invalid(9002, "Invalid DNS record type.")
    if not isinstance(name, str) or not name or not is_hostname(complete(name, zone.name)):
        raise invalid(9000, "DNS name is invalid.")
    data = dns_types.checked_data(type, sent.get("data")) if type in dns_types.FIELDS else {}
    content = dns_types.content_of(type, data) if data else checked_content(type, sent.get("content"))
    proxied, can_be_proxied = sent.get("proxied", False), type in dns_types.PROXIABLE
    require(isinstance(proxied, bool))
    if proxied and not can_be_proxied:
        raise invalid(9004, "This record type cannot be proxied.")
    record: Json = {"id": record_id, "name": complete(name, zone.name), "type": type, "content": content}
    if type == "CNAME" and content.lower() == record["name"].lower():
        raise Refusal(400, 9039, "CNAME content cannot reference itself.")
    if proxied and type != "CNAME" and any(ip_address(content) in ip_network(one) for one in UNREACHABLE):
        raise Refusal(400, 9003, f"Target {content} is not allowed for a proxied record.")
    record |= {"proxiable": can_be_proxied, "proxied": proxied, **_options(zone, sent)}
    record |= {"settings": sent.get("settings") or {}, "meta": {}}
    record["created_on"] = record["modified_on"] = stamp
    record |= {f"{field}_modified_on": stamp for field in ("comment", "tags") if record[field]}
    record |= {"data": data} if data else {}
    has_priority = type in dns_types.WITH_PRIORITY
    priority = sent.get("priority") if has_priority else data.get("priority")
    valid = isinstance(priority, int) and not isinstance(priority, bool) and 0 <= priority <= 65535
    if has_priority and not valid:
        raise invalid(9022, "Priority must be between 0 and 65535.")
    return {**record, **({} if priority is None else {"priority": priority})}


def _refuse_conflicts(store: Store, zone_id: str, apex: str, record: Json) -> None:
    sql = "SELECT type, body FROM dns_record WHERE zone = ? AND name = ? AND id <> ?"
    rows = store.rows(sql, (zone_id, record["name"].lower(), record["id"]))
    for other in (json.loads(body) for type, body in rows if type == record["type"]):
        texts = [record["content"].lower(), other["content"].lower()]
        if record["type"] == "TXT":
            texts = [strings(record["content"]), strings(other["content"])]
        if texts[0] == texts[1] and record.get("priority") == other.get("priority"):
            if all(record[name] == other[name] for name in ("ttl", "proxied", "comment", "tags")):
                raise Refusal(400, 81058, "An identical record already exists.")
            raise Refusal(400, 81057, "The record already exists.")
    types = {type for type, _ in rows}
    addresses = types & {*dns_types.PROXIABLE}
    if record["type"] == "CNAME" and addresses:
        raise Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    if record["type"] in ("A", "AAAA") and "CNAME" in types:
        raise Refusal(400, 81054, "A CNAME record with that host already exists.")
    if record["name"].lower() == apex:
        return
    if record["type"] in dns_types.PROXIABLE and "NS" in types:
        raise Refusal(400, 81056, "NS records with that host already exist.")
    if record["type"] == "NS" and addresses:
        raise Refusal(400, 81055, "A, AAAA, or CNAME records with that host already exist.")


def _options(zone: Zone, sent: Json) -> Json:
    """Return TTL, comment and tags of a record, or refuse them; the plan of the zone sets their limits."""
    ttl, least, most = sent.get("ttl", 1), 30 if zone.enterprise else 60, 500 if zone.paid else 100
    if isinstance(ttl, float) and ttl.is_integer():
        ttl = int(ttl)
    if not sent.get("proxied") and not (type(ttl) is int and (ttl == 1 or least <= ttl <= 86400)):
        message = f"Invalid TTL. Must be between {least} and 86400 seconds, or 1 for Automatic."
        raise Refusal(400, 9021, message)
    comment, tags = sent.get("comment") or None, sent.get("tags") or []
    if comment is not None and (not isinstance(comment, str) or re.search(r"[\r\n]", comment)):
        raise invalid(9301, "Comments must not contain line breaks.")
    if comment is not None and len(comment) > most:
        raise invalid(9302, f"Comments must not be longer than {most} characters.")
    if not isinstance(tags, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        raise invalid(9303, "Tags must have the form name:value.")
    quota = 20 if zone.paid else 0
    if len(tags) > quota:
        message = f"DNS record has {len(tags)} tags, exceeding the quota of {quota}."
        raise Refusal(400, 9300, message)
    return {"ttl": 1 if sent.get("proxied") else ttl, "comment": comment, "tags": tags}


def save(store: Store, zone_id: str, record: Json) -> None:
    """Write a new or changed record without any check."""
    head = (zone_id, record["id"], record["type"], record["name"].lower(), record["content"], record["ttl"])
    row = (*head, int(record["proxied"]), record["comment"], dumps(record["tags"]), dumps(record))
    store.run("INSERT OR REPLACE INTO dns_record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
