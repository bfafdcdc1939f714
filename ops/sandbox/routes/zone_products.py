"""Products of a zone: certificates and custom hostnames; rulesets, page rules and load balancing.

Load balancing pools, monitors and some rulesets belong to the account.
"""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, listing, page_of_documents, reader
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok

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


@getter(UNIVERSAL, "ssl:read")
def _universal(request: Request, store: Store) -> Json:
    saved: Json | None = store.get_document("universal_ssl", request.zone, "settings")
    return saved or {"enabled": True, "certificate_authority": "google"}


@route("PATCH", UNIVERSAL, "ssl:edit")
def patch_universal(request: Request, store: Store) -> Answer:
    sent, zone_id = request.object(), request.zone
    known = set(sent) <= {"enabled", "certificate_authority"}
    if not known or not isinstance(sent.get("enabled", True), bool):
        raise invalid_body()
    settings = {**_universal(request, store), **sent}
    store.put_document("universal_ssl", zone_id, "settings", settings)
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
