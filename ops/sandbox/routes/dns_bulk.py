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
_FOUND: list[Json] = [
    {"type": "A", "name": "www", "content": "192.0.2.80", "ttl": 1},
    {"type": "A", "name": "mail", "content": "192.0.2.25", "ttl": 1},
    {"type": "TXT", "name": "@", "content": "found-by-scan=1", "ttl": 1},
]
_PRESENT = (81053, 81054, 81057, 81058)


@route("POST", RECORDS + "/batch", "dns:edit")
def batch(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), dns_records.zone_of(store, request.zone)
    lists = {name: sent.get(name) or [] for name in _ORDER}
    if not set(sent) <= set(_ORDER):
        raise invalid_body()
    for items in lists.values():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise invalid_body()
    most = 3500 if zone.paid else 200
    if sum(map(len, lists.values())) > most:
        raise Refusal(400, 9209, f"A batch has at most {most} operations.")
    done: dict[str, list[Json]] = {name: [] for name in _ORDER}
    for name, item in ((order, item) for order in _ORDER for item in lists[order]):
        id = item.get("id")
        if name == "posts":
            done[name].append(dns_records.create(store, zone, item))
        elif not isinstance(id, str):
            raise invalid_body()
        elif name == "deletes":
            done[name].append(dns_records.delete(store, zone.id, id))
        else:
            done[name].append(dns_records.change(store, zone, id, item, replace=name == "puts"))
    return ok(done)


@route("GET", RECORDS + "/export", "dns:read")
def export(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    sql = "SELECT body FROM dns_record WHERE zone = ? ORDER BY type, name, id"
    records = [json.loads(text) for text in store.texts(sql, (zone.id,))]
    text = bind.write(zone, records, store.now())
    return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())


@route("POST", RECORDS + "/import", "dns:edit", atomic=False)
def import_(request: Request, store: Store) -> Answer:
    """Create the records of a zone file; a refused import counts too towards three a minute."""
    fields = {part.name: part for part in request.form()}
    if "file" not in fields:
        raise invalid_body()
    if len(fields["file"].data) > MOST_FILE:
        raise Refusal(400, 9210, "The zone file must not be larger than 256 KiB.")
    if store.limited:
        recent = [at for at in json.loads(store.meta("imports", "[]")) if store.now() - at < 60]
        if len(recent) >= IMPORTS_A_MINUTE:
            raise refused(int(61 - (store.now() - recent[0])), {})
        store.set_meta("imports", json.dumps([*recent, store.now()]))
    proxied = "proxied" in fields and fields["proxied"].text() == "true"
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        return _add(store, zone, list(bind.read(fields["file"].text(), zone, proxied)))


def _add(store: Store, zone: Zone, records: list[Json]) -> Answer:
    """Create the missing records; existing ones stay unchanged."""
    added = 0
    for record in records:
        try:
            dns_records.create(store, zone, record)
            added += 1
        except Refusal as refusal:
            if refusal.code not in _PRESENT:
                raise
    return ok({"recs_added": added, "total_records_parsed": len(records)})


@route("POST", RECORDS + "/scan", "dns:edit")
def scan(request: Request, store: Store) -> Answer:
    return _add(store, dns_records.zone_of(store, request.zone), _FOUND)


@route("POST", RECORDS + "/scan/trigger", "dns:edit")
def scan_trigger(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    for number, found in enumerate(_FOUND):
        record = dns_records.built(zone, found, f"{number:032x}", store.stamp())
        store.put_document("dns_scan", zone.id, record["id"], record)
    return Answer(200, {}, b'{"success":true,"errors":[],"messages":[]}')


@route("POST", RECORDS + "/scan/review", "dns:edit")
def scan_decide(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), dns_records.zone_of(store, request.zone)
    accepts, rejects = sent.get("accepts") or [], sent.get("rejects") or []
    if not (isinstance(accepts, list) and isinstance(rejects, list)):
        raise invalid_body()
    rejected = [_found(store, zone, item) for item in rejects]
    accepted = [dns_records.create(store, zone, _found(store, zone, item)) for item in accepts]
    return ok({"accepts": accepted, "rejects": [record["id"] for record in rejected]})


def _found(store: Store, zone: Zone, item: Any) -> Json:
    """Return a finding of the scan and remove it from the list."""
    id = item.get("id") if isinstance(item, dict) else None
    record = store.required("dns_scan", zone.id, str(id), dns_records.missing())
    store.delete_document("dns_scan", zone.id, record["id"])
    return record
