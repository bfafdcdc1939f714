"""DNS records: list, create, read, change, delete; the record quota and the zone's DNS settings."""

from __future__ import annotations

from ops.sandbox import dns_filters, dns_records
from ops.sandbox.pages import page_of
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, ok_list

# The document says five million; the answer may then take longer than a client's timeout.
MOST_RECORDS = 5_000_000
RECORDS = "/zones/{zone_id}/dns_records"
RECORD = "/zones/{zone_id}/dns_records/{record_id}"

_SOA: Json = {
    "mname": "ada.ns.cloudflare.com",
    "rname": "dns.cloudflare.com",
    "refresh": 10000,
    "retry": 2400,
    "expire": 604800,
    "min_ttl": 1800,
    "ttl": 3600,
}
_DNS_SETTINGS: Json = {
    "flatten_all_cnames": False,
    "foundation_dns": False,
    "multi_provider": False,
    "nameservers": {"type": "cloudflare.standard"},
    "ns_ttl": 86400,
    "secondary_overrides": False,
    "soa": _SOA,
    "zone_mode": "standard",
}
_ZONE_MODES = ("standard", "cdn_only", "dns_only")
_SOA_BOUNDS = {
    "refresh": (600, 86400),
    "retry": (600, 3600),
    "expire": (86400, 2419200),
    "min_ttl": (60, 86400),
    "ttl": (300, 86400),
}


@route("GET", RECORDS, "dns:read")
def list_records(request: Request, store: Store) -> Answer:
    condition, args = dns_filters.where(request)
    base = " FROM dns_record WHERE zone = ?" + condition
    select, count = "SELECT body" + base + dns_filters.order(request), "SELECT count(*)" + base
    return page_of(request, store, select, count, (request.zone, *args), maximum=MOST_RECORDS, default=100)


@route("POST", RECORDS, "dns:edit")
def create_record(request: Request, store: Store) -> Answer:
    return ok(dns_records.create(store, dns_records.zone_of(store, request.zone), request.object()))


@route("GET", RECORD, "dns:read")
def get_record(request: Request, store: Store) -> Answer:
    return ok(dns_records.record_of(store, request.zone, request.args["record_id"]))


@route("PATCH", RECORD, "dns:edit")
@route("PUT", RECORD, "dns:edit")
def change_record(request: Request, store: Store) -> Answer:
    zone, id = dns_records.zone_of(store, request.zone), request.args["record_id"]
    return ok(dns_records.change(store, zone, id, request.object(), replace=request.method == "PUT"))


@route("DELETE", RECORD, "dns:edit")
def delete_record(request: Request, store: Store) -> Answer:
    dns_records.delete(store, request.zone, request.args["record_id"])
    # The API's document declares no envelope for this one answer.
    return Answer(200, {}, dumps({"result": {"id": request.args["record_id"]}}).encode())


@route("GET", RECORDS + "/usage", "dns:read")
def record_usage(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    used = store.value("SELECT count(*) FROM dns_record WHERE zone = ?", (zone.id,))
    return ok({"record_quota": None if zone.enterprise else zone.quota, "record_usage": used})


@route("PATCH", "/zones/{zone_id}/dns_settings", "dns:edit")
def patch_dns_settings(request: Request, store: Store) -> Answer:
    sent, old = request.object(), _dns_settings(request, store)
    if not set(sent) <= set(_DNS_SETTINGS):
        raise invalid_body()
    settings = {**old, **sent, "soa": {**old["soa"], **(sent.get("soa") or {})}}
    for name, default in _DNS_SETTINGS.items():
        if type(settings[name]) is not type(default):
            raise invalid_body()
    if not 30 <= settings["ns_ttl"] <= 86400 or settings["zone_mode"] not in _ZONE_MODES:
        raise invalid_body()
    for name, (low, high) in _SOA_BOUNDS.items():
        number = settings["soa"].get(name)
        if not isinstance(number, int) or not low <= number <= high:
            raise Refusal(400, 1004, f"Invalid SOA {name}: must be between {low} and {high}.")
    store.put_document("dns_settings", request.zone, "dns_settings", settings)
    return ok(settings)


@getter("/zones/{zone_id}/dns_settings", "dns:read")
def _dns_settings(request: Request, store: Store) -> Json:
    saved: Json | None = store.get_document("dns_settings", request.zone, "dns_settings")
    return saved or _DNS_SETTINGS


@route("GET", RECORDS + "/scan/review", "dns:read")
def scan_review(request: Request, store: Store) -> Answer:
    return ok_list(store.document_texts("dns_scan", request.zone))
