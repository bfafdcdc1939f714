"""Workers: custom domains. Attaching one creates a DNS record in its zone; detaching removes it."""

from __future__ import annotations

import uuid

from ops.sandbox.router import not_routable, route, segments
from ops.sandbox.routes.worker_state import find, not_found
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok

DOMAINS = "/accounts/{account_id}/workers/domains"
DOMAIN = DOMAINS + "/{domain_id}"
KIND = "worker.domain"
FILTERS = ("zone_id", "zone_name", "service", "hostname", "environment")

# The content of a custom domain's record: the discard address (RFC 6666), as Cloudflare writes it.
_ADDRESS = "100::"


@route("GET", DOMAINS, scope="workers:read")
def list_domains(request: Request, store: Store) -> Answer:
    filters = {name: request.query[name] for name in FILTERS if request.query.get(name)}
    found = store.list_documents(KIND, request.account)
    return ok([one for one in found if all(one[name] == value for name, value in filters.items())])


@route("PUT", DOMAINS, scope="workers:edit")
def attach_domain(request: Request, store: Store) -> Answer:
    """Attach a hostname to a Worker; an attached hostname moves to this Worker."""
    account, body = request.account, request.object()
    hostname, service = body.get("hostname"), body.get("service")
    if not isinstance(hostname, str) or not isinstance(service, str):
        raise invalid_body()
    with store.transaction():
        zone = _zone(store, body, hostname)
        if find(store, account, service) is None:
            raise not_found()
        attached = store.list_documents(KIND, account)
        found: Json | None = next((one for one in attached if one["hostname"] == hostname), None)
        if found is None:
            replace = body.get("override_existing_dns_record") is True
            record = _create_record(store, zone, hostname, replace=replace)
            found = {"id": new_id(), "hostname": hostname, "cert_id": str(uuid.uuid4())}
            store.put_document("worker.domain_record", account, found["id"], [zone["id"], record])
        environment = body.get("environment") or "production"
        named = {"zone_id": zone["id"], "zone_name": zone["name"], "service": service}
        domain = {**found, **named, "environment": environment}
        save_domain(store, account, domain)
    return ok(domain)


@route("GET", DOMAIN, scope="workers:read")
def get_domain(request: Request, store: Store) -> Answer:
    return ok(_domain(request, store))


@route("DELETE", DOMAIN, scope="workers:edit")
def detach_domain(request: Request, store: Store) -> Answer:
    with store.transaction():
        _detach(store, request.account, _domain(request, store))
    return ok(None)


def save_domain(store: Store, account: str, domain: Json) -> None:
    """Write a custom domain's document."""
    store.put_document(KIND, account, domain["id"], domain, sort=domain["hostname"])


def detach_all(store: Store, account: str, service: str) -> None:
    """Detach every domain of a Worker."""
    for one in store.list_documents(KIND, account):
        if one["service"] == service:
            _detach(store, account, one)


def _detach(store: Store, account: str, domain: Json) -> None:
    zone, record = store.get_document("worker.domain_record", account, domain["id"]) or ("", "")
    store.run("DELETE FROM dns_record WHERE zone = ? AND id = ?", (zone, record))
    store.delete_document("worker.domain_record", account, domain["id"])
    store.delete_document(KIND, account, domain["id"])


def _domain(request: Request, store: Store) -> Json:
    missing = not_routable(segments(request.path))
    return store.required(KIND, request.account, request.args["domain_id"], missing)


def _zone(store: Store, body: Json, hostname: str) -> Json:
    """Return the zone of the hostname, which must be the zone that the body names."""
    zones: list[Json] = store.list_documents("zone", "")
    for zone in zones:
        named = all(body.get(f"zone_{field}", zone[field]) == zone[field] for field in ("id", "name"))
        if named and (hostname == zone["name"] or hostname.endswith("." + zone["name"])):
            return zone
    raise Refusal(400, 100114, f"No zone of this account has the hostname '{hostname}'.")


def _create_record(store: Store, zone: Json, hostname: str, *, replace: bool) -> str:
    present = "zone = ? AND name = ? AND type IN ('A', 'AAAA', 'CNAME')"
    if replace:
        store.run(f"DELETE FROM dns_record WHERE {present}", (zone["id"], hostname))  # noqa: S608 (constant)
    elif store.one(f"SELECT 1 FROM dns_record WHERE {present}", (zone["id"], hostname)):  # noqa: S608 (constant)
        problem = "already has externally managed DNS records (A, CNAME, etc)."
        hint = (
            "Either delete them, try a different hostname, or use the option 'override_existing_dns_record'."
        )
        raise Refusal(409, 100117, f"Hostname '{hostname}' {problem} {hint}")
    record = domain_record(new_id(), hostname, store.stamp())
    row = (zone["id"], record["id"], "AAAA", hostname, _ADDRESS, 1, 1, None, "[]", dumps(record))
    store.run("INSERT INTO dns_record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return str(record["id"])


def domain_record(id: str, hostname: str, now: str) -> Json:
    """Return the DNS record of a custom domain: proxied, and read-only for the DNS API."""
    return {
        "id": id,
        "name": hostname,
        "type": "AAAA",
        "content": _ADDRESS,
        "proxiable": True,
        "proxied": True,
        "ttl": 1,
        "settings": {},
        "meta": {"read_only": True, "origin_worker_id": id},
        "comment": None,
        "tags": [],
        "created_on": now,
        "modified_on": now,
    }
