"""Many records at once: batch, import, export, and the scan for records at another provider."""

from __future__ import annotations

import json
from typing import Any

from ops.sandbox import bind, dns_records
from ops.sandbox.dns_records import Zone
from ops.sandbox.limits import refused
from ops.sandbox.router import route
from ops.sandbox.routes.dns import RECORDS
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

MOST_FILE = 262_144
IMPORTS_A_MINUTE = 3
_ORDER = ("deletes", "patches", "puts", "posts")
# The records that a scan finds at the old provider of every zone.
_FOUND = (("A", "www", "192.0.2.80"), ("A", "mail", "192.0.2.25"), ("TXT", "@", "found-by-scan=1"))
_PRESENT = (81053, 81054, 81057, 81058)


@route("POST", RECORDS + "/batch", "dns:edit")
def batch(request: Request, store: Store) -> Answer:
    sent = request.object()
    lists = {name: sent.get(name) or [] for name in _ORDER}
    _check_batch(sent, lists)
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        most = 3500 if zone.paid else 200
        if sum(map(len, lists.values())) > most:
            raise Refusal(400, 9209, f"A batch has at most {most} operations.")
        return ok({name: [_operate(store, zone, name, item) for item in lists[name]] for name in _ORDER})


def _check_batch(sent: Json, lists: dict[str, Any]) -> None:
    if not set(sent) <= set(_ORDER):
        raise invalid_body()
    for items in lists.values():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise invalid_body()


def _operate(store: Store, zone: Zone, name: str, item: Json) -> Json:
    if name == "posts":
        return dns_records.create(store, zone, item)
    record_id = item.get("id")
    if not isinstance(record_id, str):
        raise invalid_body()
    if name == "deletes":
        return dns_records.delete(store, zone.id, record_id)
    return dns_records.change(store, zone, record_id, item, replace=name == "puts")


@route("GET", RECORDS + "/export", "dns:read")
def export(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    sql = "SELECT body FROM dns_record WHERE zone = ? ORDER BY type, name, id"
    records = [json.loads(text) for text in store.texts(sql, (zone.id,))]
    text = bind.write(zone, records, store.now())
    return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())


@route("POST", RECORDS + "/import", "dns:edit")
def import_(request: Request, store: Store) -> Answer:
    fields = {part.name: part for part in request.form()}
    if "file" not in fields:
        raise invalid_body()
    if len(fields["file"].data) > MOST_FILE:
        raise Refusal(400, 9210, "The zone file must not be larger than 256 KiB.")
    _limit_imports(store)
    proxied = "proxied" in fields and fields["proxied"].text() == "true"
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        records = list(bind.read(fields["file"].text(), zone, proxied))
        return ok({"recs_added": _add(store, zone, records), "total_records_parsed": len(records)})


def _limit_imports(store: Store) -> None:
    """Allow three imports a minute, as the API does, unless the sandbox has no limits."""
    if not store.limited:
        return
    recent = [at for at in json.loads(store.meta("imports", "[]")) if store.now() - at < 60]
    if len(recent) >= IMPORTS_A_MINUTE:
        raise refused(int(61 - (store.now() - recent[0])), {})
    store.set_meta("imports", json.dumps([*recent, store.now()]))


def _add(store: Store, zone: Zone, records: list[Json]) -> int:
    """Create the missing records; existing ones stay unchanged."""
    added = 0
    for record in records:
        try:
            dns_records.create(store, zone, record)
            added += 1
        except Refusal as refusal:
            if refusal.code not in _PRESENT:
                raise
    return added


@route("POST", RECORDS + "/scan", "dns:edit")
def scan(request: Request, store: Store) -> Answer:
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        found = _findings()
        return ok({"recs_added": _add(store, zone, found), "total_records_parsed": len(found)})


def _findings() -> list[Json]:
    return [{"type": type, "name": name, "content": content, "ttl": 1} for type, name, content in _FOUND]


@route("POST", RECORDS + "/scan/trigger", "dns:edit")
def scan_trigger(request: Request, store: Store) -> Answer:
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        for number, found in enumerate(_findings()):
            id = f"{number:032x}"
            record = dns_records.built(zone, found, id, store.stamp())
            store.put_document("dns_scan", zone.id, id, record)
    return Answer(200, {}, b'{"success":true,"errors":[],"messages":[]}')


@route("POST", RECORDS + "/scan/review", "dns:edit")
def scan_decide(request: Request, store: Store) -> Answer:
    sent = request.object()
    accepts, rejects = sent.get("accepts") or [], sent.get("rejects") or []
    if not (isinstance(accepts, list) and isinstance(rejects, list)):
        raise invalid_body()
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        rejected = [_found(store, zone, item) for item in rejects]
        accepted = [dns_records.create(store, zone, _found(store, zone, item)) for item in accepts]
    return ok({"accepts": accepted, "rejects": [record["id"] for record in rejected]})


def _found(store: Store, zone: Zone, item: Any) -> Json:
    id = item.get("id") if isinstance(item, dict) else None
    record: Json | None = store.get_document("dns_scan", zone.id, str(id))
    if record is None:
        raise Refusal(404, 81044, "Record does not exist.")
    store.delete_document("dns_scan", zone.id, record["id"])
    return record
