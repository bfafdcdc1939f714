"""Workers: routes (the script that answers a pattern) and custom domains.

Attaching a domain creates a DNS record in its zone; detaching removes it.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from ops.sandbox import dns_records
from ops.sandbox.pages import listing, reader
from ops.sandbox.router import route
from ops.sandbox.routes.worker_state import NO_WORKER, SCRIPT, worker_of
from ops.sandbox.store import ACCOUNT_ID, Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

DOMAINS = "/accounts/{account_id}/workers/domains"
DOMAIN = DOMAINS + "/{domain_id}"
KIND = "worker.domain"
WORKERS = "/accounts/{account_id}/workers"
ROUTES = "/zones/{zone_id}/workers/routes"
ROUTE = "/zones/{zone_id}/workers/routes/{route_id}"
_SCRIPT = re.compile(r"[a-z0-9_][a-z0-9-_]*")
_HOST = re.compile(r"(?:https?://|\*://)?([^/]+)")
# The content of a custom domain's record: the discard address (RFC 6666), as Cloudflare writes it.
_ADDRESS = "100::"
_PRESENT = "zone = ? AND name = ? AND type IN ('A', 'AAAA', 'CNAME')"

for _path in (DOMAINS, DOMAINS + "/records"):
    listing(_path, "workers:read", KIND, "zone_id zone_name service hostname environment")
    _domain = reader(_path + "/{domain_id}", "workers:read", KIND)
listing(ROUTES, "workers:read", "worker_route")
_NO_ROUTE = (404, 10008, "workers.api.error.route_not_found")
_route = reader(ROUTE, "workers:read", "worker_route", *_NO_ROUTE)


def attached(store: Store, account: str) -> dict[str, Json]:
    return {one["hostname"]: one for one in store.list_documents(KIND, account)}


def _attach(store: Store, account: str, body: Any) -> Json:
    """Attach a hostname to a Worker; an attached hostname moves to this Worker."""
    hostname, service = body.get("hostname"), body.get("service")
    require(isinstance(hostname, str) and isinstance(service, str))
    zone = _zone(store, body, hostname)
    store.required("worker", account, service, Refusal(*NO_WORKER))
    found = attached(store, account).get(hostname)
    if found is None:
        if body.get("override_existing_dns_record") is True:
            store.run(f"DELETE FROM dns_record WHERE {_PRESENT}", (zone["id"], hostname))  # noqa: S608 (constant)
        elif _has_records(store, zone["id"], hostname):
            problem = "already has externally managed DNS records (A, CNAME, etc)."
            hint = "Either delete them, try a different hostname, or use the option"
            message = f"Hostname '{hostname}' {problem} {hint} 'override_existing_dns_record'."
            raise Refusal(409, 100117, message)
        record = new_id()
        save_domain_record(store, zone["id"], record, hostname, store.stamp())
        found = {"id": new_id(), "hostname": hostname, "cert_id": str(uuid.uuid4())}
        store.put_document("worker.domain_record", account, found["id"], [zone["id"], record])
    named = {"zone_id": zone["id"], "zone_name": zone["name"], "service": service}
    domain = {**found, **named, "environment": body.get("environment") or "production"}
    return store.put_document(KIND, account, domain["id"], domain, sort=hostname)


@route("POST", SCRIPT + "/domains/changeset", scope="workers:edit")
def compare_domains(request: Request, store: Store) -> Answer:
    """Report what `PUT .../domains/records` would add, update and remove, and its conflicts."""
    origins, domains = request.json(), attached(store, request.account)
    require(isinstance(origins, list) and all(isinstance(one, dict) for one in origins))
    script, hostnames = request.args["script_name"], [str(one.get("hostname")) for one in origins]
    known = [domains[name] for name in hostnames if name in domains]
    new = [(one, _zone(store, one, one["hostname"])) for one in origins if one.get("hostname") not in domains]
    own = [one for one in domains.values() if one["service"] == script]
    changes = {
        "added": [one for one, _ in new],
        "updated": [{**one, "modified": one["service"] != script} for one in known],
        "removed": [one for one in own if one["hostname"] not in hostnames],
        "conflicting": [one for one, zone in new if _has_records(store, zone["id"], one["hostname"])],
    }
    return ok(changes)


@route("PUT", SCRIPT + "/domains/records", scope="workers:edit")
def put_domains(request: Request, store: Store) -> Answer:
    """Replace the custom domains of a script with the `origins` of the body."""
    body, script = request.object(), request.args["script_name"]
    origins = body.get("origins") or []
    for one in origins:
        options = {"override_existing_dns_record": body.get("override_existing_dns_record")}
        sent = {name: value for name, value in one.items() if value is not None}
        _attach(store, request.account, {**sent, **options, "service": script})
    hostnames = {one["hostname"] for one in origins}
    for name, one in attached(store, request.account).items():
        if one["service"] == script and name not in hostnames:
            detach(store, request.account, one)
    return ok([one for one in store.list_documents(KIND, request.account) if one["service"] == script])


route("DELETE", DOMAIN, "workers:edit")(
    lambda request, store: detach(store, request.account, _domain(request, store))
)


def detach(store: Store, account: str, domain: Json) -> None:
    """Delete a custom domain with its DNS record."""
    zone, record = store.get_document("worker.domain_record", account, domain["id"]) or ("", "")
    store.run("DELETE FROM dns_record WHERE zone = ? AND id = ?", (zone, record))
    store.delete_document("worker.domain_record", account, domain["id"])
    store.delete_document(KIND, account, domain["id"])


def _zone(store: Store, body: Json, hostname: str) -> Json:
    """Return the zone of the hostname, which must be the zone that the body names."""
    zones: list[Json] = store.list_documents("zone", "")
    for zone in zones:
        named = all(body.get(f"zone_{field}", zone[field]) == zone[field] for field in ("id", "name"))
        if named and (hostname == zone["name"] or hostname.endswith("." + zone["name"])):
            return zone
    raise Refusal(400, 100114, f"No zone of this account has the hostname '{hostname}'.")


route("PUT", DOMAINS, "workers:edit")(
    lambda request, store: _attach(store, request.account, request.object())
)


def _has_records(store: Store, zone_id: str, hostname: str) -> bool:
    return store.one(f"SELECT 1 FROM dns_record WHERE {_PRESENT}", (zone_id, hostname)) is not None  # noqa: S608 (constant)


def save_domain_record(store: Store, zone_id: str, id: str, hostname: str, now: str) -> None:
    """Write the DNS record of a custom domain: proxied, and read-only for the DNS API."""
    sent = {"type": "AAAA", "name": hostname, "content": _ADDRESS, "proxied": True}
    record = dns_records.built(dns_records.zone_of(store, zone_id), sent, id, now)
    record["meta"] = {"read_only": True, "origin_worker_id": id}
    dns_records.save(store, zone_id, record)


@route("POST", ROUTES, "workers:edit")
@route("PUT", ROUTE, "workers:edit")
def write_route(request: Request, store: Store) -> Json:
    id = _route(request, store)["id"] if request.method == "PUT" else new_id()
    return _save(store, request.zone, id, request.object())


@route("DELETE", ROUTE, "workers:edit")
def delete_route(request: Request, store: Store) -> Json:
    id = _route(request, store)["id"]
    store.delete_document("worker_route", request.zone, id)
    return {"id": id}


def _in_zone(pattern: str, zone: str) -> bool:
    found = _HOST.match(pattern)
    host = found[1].lower().lstrip("*") if found else ""
    return host in (zone, "." + zone) or host.endswith("." + zone)


def _save(store: Store, zone_id: str, id: str, sent: Json) -> Json:
    pattern, script = sent.get("pattern"), sent.get("script") or None
    zone = store.get_document("zone", "", zone_id)["name"]
    if not isinstance(pattern, str) or not _in_zone(pattern, zone):
        raise Refusal(400, 10022, "workers.api.error.invalid_route_pattern")
    if script is not None and not (isinstance(script, str) and _SCRIPT.fullmatch(script)):
        raise Refusal(400, 10016, "workers.api.error.invalid_script_name")
    if script is not None and store.document_text("worker", ACCOUNT_ID, script) is None:
        raise Refusal(404, 10007, "workers.api.error.script_not_found")
    sql = "SELECT 1 FROM document WHERE kind = 'worker_route' AND owner = ? AND sort = ? AND id <> ?"
    if store.one(sql, (zone_id, pattern, id)):
        raise Refusal(409, 10020, "workers.api.error.duplicate_route")
    made = {"id": id, "pattern": pattern, **({} if script is None else {"script": script})}
    return store.put_document("worker_route", zone_id, id, made, sort=pattern)


@route("GET", SCRIPT + "/routes", "workers:read")
@route("GET", WORKERS + "/services/{script_name}/environments/{environment}/routes", "workers:read")
def list_script_routes(request: Request, store: Store) -> Answer:
    """List the routes of a script in every zone with the zone's name."""
    worker_of(request, store)
    return ok([{**one, "zone_name": zone["name"]} for zone, one in _of_script(request, store)])


def _of_script(request: Request, store: Store) -> list[tuple[Json, Json]]:
    """Return the zone and the route of each route of a script."""
    return [
        (zone, one)
        for zone in store.list_documents("zone", "")
        for one in store.list_documents("worker_route", zone["id"])
        if one.get("script") == request.args["script_name"]
    ]


@route("PUT", SCRIPT + "/routes", "workers:edit")
def put_script_routes(request: Request, store: Store) -> Answer:
    """Replace the routes of a script with those of an array `[{"pattern": ..., "zone_name": ...}]`."""
    sent, script = request.json(), worker_of(request, store)["id"]
    require(isinstance(sent, list) and all(isinstance(one, dict) for one in sent))
    routes = _of_script(request, store)
    old = {one["pattern"]: one["id"] for _, one in routes}
    for zone, one in routes:
        store.delete_document("worker_route", zone["id"], one["id"])
    zones = store.list_documents("zone", "")
    for pattern in (str(one.get("pattern")) for one in sent):
        zone = next((zone for zone in zones if _in_zone(pattern, zone["name"])), {})
        if not zone:
            raise Refusal(400, 10022, "workers.api.error.invalid_route_pattern")
        id = old.get(pattern) or new_id()
        _save(store, zone["id"], id, {"pattern": pattern, "script": script})
    return ok([one for _, one in _of_script(request, store)])
