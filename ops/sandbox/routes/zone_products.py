"""Products of a zone: certificates and custom hostnames; rulesets, page rules, load balancing and the cache.

Load balancing pools, monitors and some rulesets belong to the account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ops.sandbox.pages import cursor_of, listing, only, page_of_documents, reader
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, require

PACKS = "/zones/{zone_id}/ssl/certificate_packs"
UNIVERSAL = "/zones/{zone_id}/ssl/universal/settings"
CERTIFICATES = "/zones/{zone_id}/custom_certificates"
_STATES = {"active": "active", "pending_validation": "authorizing", "validation_timed_out": "timing_out"}
ACCOUNT = "/accounts/{account_id}"
ZONE = "/zones/{zone_id}"
# The bounds of per_page are not documented; the sandbox uses 50.
RULESETS_A_PAGE = 50
_RULESETS = """
    SELECT id, json_remove(body, '$.rules') FROM document
    WHERE kind = :kind AND owner = :owner AND id > :after ORDER BY id LIMIT :limit
"""


@route("GET", PACKS, "ssl:read")
def list_packs(request: Request, store: Store) -> Answer:
    """List the active packs; ``status=all`` lists those in every state."""
    status = request.query.get("status", "")
    if status not in ("", "all"):
        raise Refusal(400, 1004, "Invalid status: must be all.")
    where = "" if status else " AND json_extract(body, '$.status') = 'active'"
    return page_of_documents(request, store, "certificate_pack", request.zone, maximum=50, where=where)


@getter(PACKS + "/quota", "ssl:read")
def pack_quota(request: Request, store: Store) -> Json:
    packs = store.list_documents("certificate_pack", request.zone)
    return {"advanced": {"allocated": 100, "used": sum(pack["type"] == "advanced" for pack in packs)}}


_NO_PACK = (404, 1001, "Certificate pack does not exist.")
reader(PACKS + "/{pack_id:uuid}", "ssl:read", "certificate_pack", *_NO_PACK)
reader(CERTIFICATES + "/{certificate_id}", "ssl:read", "custom_certificate", *_NO_PACK)
listing(CERTIFICATES, "ssl:read", "custom_certificate", "status", maximum=50)
listing(ZONE + "/custom_hostnames", "ssl:read", "custom_hostname", "~hostname", maximum=50)
listing(ZONE + "/load_balancers", "lb:read", "load_balancer")
listing(ACCOUNT + "/load_balancers/monitors", "lb:read", "lb.monitor")
listing(ACCOUNT + "/load_balancers/pools", "lb:read", "lb.pool", "monitor")
reader(ZONE + "/rulesets/{ruleset_id}", "rulesets:read", "ruleset", 404, 10000, "could not find ruleset")
reader(ACCOUNT + "/rulesets/{ruleset_id}", "rulesets:read", "account.ruleset")

_UNIVERSAL_SSL: Json = {"enabled": True, "certificate_authority": "google"}
_universal = only(UNIVERSAL, "ssl:read", "universal_ssl", _UNIVERSAL_SSL)


@route("PATCH", UNIVERSAL, "ssl:edit")
def patch_universal(request: Request, store: Store) -> Answer:
    sent, zone_id = request.object(), request.zone
    require(set(sent) <= set(_UNIVERSAL_SSL) and isinstance(sent.get("enabled", True), bool))
    settings = {**_universal(request, store), **sent}
    store.put_document("universal_ssl", zone_id, "universal_ssl", settings)
    for pack in store.list_documents("certificate_pack", zone_id):
        if settings["enabled"] is False and pack["type"] == "universal":
            store.delete_document("certificate_pack", zone_id, pack["id"])
    return ok(settings)


@route("GET", "/zones/{zone_id}/ssl/verification", "ssl:read")
def verification(request: Request, store: Store) -> Answer:
    """Report how each pack was validated; the document declares only ``result`` for this answer."""
    found = []
    for pack in store.list_documents("certificate_pack", request.zone):
        name = f"_acme-challenge.{pack['hosts'][0].removeprefix('*.')}"
        state = {
            "brand_check": False,
            "cert_pack_uuid": pack["id"],
            "certificate_status": _STATES.get(pack["status"], "initializing"),
            "signature": "ECDSAWithSHA256",
            "validation_method": pack["validation_method"],
            "verification_info": {"record_name": name, "record_target": "dcv.example.net"},
            "verification_status": pack["status"] == "active",
            "verification_type": "cname",
        }
        found.append(state)
    return Answer(200, {}, dumps({"result": found}).encode())


@route("GET", ZONE + "/rulesets", "rulesets:read")
@route("GET", ACCOUNT + "/rulesets", "rulesets:read")
def list_rulesets(request: Request, store: Store) -> Answer:
    """List the rulesets without their rules, in the order of their ids."""
    args = {"kind": "ruleset" if "zone_id" in request.args else "account.ruleset", "owner": request.owner}
    limit = request.number("per_page", RULESETS_A_PAGE, 1, RULESETS_A_PAGE)
    return cursor_of(request, store, _RULESETS, args, limit=limit, both=True)


@route("GET", ZONE + "/pagerules", "pagerules:read")
def list_page_rules(request: Request, store: Store) -> Answer:
    status, order = request.query.get("status"), request.query.get("order", "priority")
    if order not in ("status", "priority"):
        raise Refusal(400, 1004, "Invalid order: must be status or priority.")
    rules = store.list_documents("page_rule", request.zone)
    listed = [rule for rule in rules if status in (None, "", rule["status"])]
    descending = request.query.get("direction", "desc") == "desc"
    return ok(sorted(listed, key=lambda rule: rule[order], reverse=descending))


_KINDS = ("files", "tags", "hosts", "prefixes")
MOST_ITEMS = 100
_EXTENSIONS = {"avif", "bmp", "gif", "jp2", "jpeg", "jpg", "jpg2", "png", "tif", "tiff", "webp"}


@route("POST", "/zones/{zone_id}/purge_cache", "cache:purge")
def purge(request: Request, store: Store) -> Answer:
    """Accept exactly one rule; nothing is cached here, so there is nothing to purge."""
    sent = request.object()
    rules = [name for name in (*_KINDS, "purge_everything") if sent.get(name)]
    if len(rules) != 1 or set(sent) - {*_KINDS, "purge_everything"}:
        raise _refused('exactly one of "purge_everything", "files", "tags", "hosts" or "prefixes" is needed')
    zone, kind, items = store.get_document("zone", "", request.zone), rules[0], sent[rules[0]]
    if kind == "purge_everything":
        if items is not True:
            raise _refused('"purge_everything" must be true')
        return ok({"id": zone["id"]})
    most = 500 if kind == "files" and zone["plan"]["legacy_id"] == "enterprise" else MOST_ITEMS
    require(isinstance(items, list))
    if len(items) > most:
        raise Refusal(400, 1094, f"Unable to purge: at most {most} {kind} in one request.")
    for item in items:
        _check_item(kind, item, zone["name"])
    return ok({"id": zone["id"]})


def _refused(reason: str) -> Refusal:
    return Refusal(400, 1012, f"Request must contain one of the purge rules: {reason}.")


def _check_item(kind: str, item: Any, zone: str) -> None:
    text = item.get("url") if kind == "files" and isinstance(item, dict) else item
    if not isinstance(text, str) or not text:
        raise invalid_body()
    if kind == "tags":
        return
    if kind == "prefixes" and ("://" in text or "?" in text or "#" in text):
        raise Refusal(400, 1092, f"Unable to purge {text}: a prefix has no scheme, query or fragment.")
    if kind == "files" and not text.startswith(("http://", "https://")):
        raise Refusal(400, 1092, f"Unable to purge {text}: a file is a complete URL.")
    host = (urlsplit(text if kind == "files" else f"//{text}").hostname or "").lower()
    if host != zone and not host.endswith("." + zone):
        raise Refusal(400, 1092, f"Unable to purge {text}, you can only purge files for this zone.")


def _setting(path: str, id: str, valid: Callable[[Any], bool], default: Json, *, deletable: bool) -> None:
    """Register a setting of a zone; one without *default* is unknown until it is set."""

    def get(request: Request, store: Store) -> Json:
        saved: Json | None = store.get_document("cache_setting", request.zone, id)
        if not saved and not default:
            raise Refusal(404, 1140, f"The {id} setting was never set for this zone.")
        return saved or {"id": id, **default, "editable": True, "modified_on": _NEVER}

    def patch(request: Request, store: Store) -> Answer:
        value = request.object().get("value")
        if not valid(value):
            raise Refusal(400, 1007, f"Invalid value for zone setting {id}")
        setting = {"id": id, "value": value, "editable": True, "modified_on": store.stamp()}
        return ok(store.put_document("cache_setting", request.zone, id, setting))

    def delete(request: Request, store: Store) -> Answer:
        get(request, store)
        store.delete_document("cache_setting", request.zone, id)
        return ok({"id": id, **default, "editable": True, "modified_on": store.stamp()})

    getter(path, "zone:read")(get)
    route("PATCH", path, "zone:edit")(patch)
    if deletable:
        route("DELETE", path, "zone:edit")(delete)


def _are_variants(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= _EXTENSIONS
        and all(isinstance(formats, list) for formats in value.values())
        and all(isinstance(one, str) for formats in value.values() for one in formats)
    )


# The document requires a date even for a setting that was never changed.
_NEVER = "2025-01-01T00:00:00.000000Z"
_SMART = "tiered_cache_smart_topology_enable"
_SWITCHES = {
    "/cache/cache_reserve": "cache_reserve",
    "/cache/regional_tiered_cache": "tc_regional",
    f"/cache/{_SMART}": _SMART,
    "/argo/tiered_caching": "tiered_caching",
}
for _path, _id in _SWITCHES.items():
    _setting(ZONE + _path, _id, ("on", "off").__contains__, {"value": "off"}, deletable=_id == _SMART)
_setting(ZONE + "/cache/variants", "variants", _are_variants, {}, deletable=True)
