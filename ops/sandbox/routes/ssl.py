"""Certificates of a zone: packs, universal SSL, verification, custom certificates, custom hostnames."""

from __future__ import annotations

from ops.sandbox.pages import page_of_documents
from ops.sandbox.router import route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok

PACKS = "/zones/{zone_id}/ssl/certificate_packs"
UNIVERSAL = "/zones/{zone_id}/ssl/universal/settings"
CERTIFICATES = "/zones/{zone_id}/custom_certificates"
HOSTNAMES = "/zones/{zone_id}/custom_hostnames"
ADVANCED_QUOTA = 100
_MISSING = (404, 1001, "Certificate pack does not exist.")


@route("GET", PACKS, "ssl:read")
def list_packs(request: Request, store: Store) -> Answer:
    """List the active packs; ``status=all`` lists those in every state."""
    status = request.query.get("status", "")
    if status not in ("", "all"):
        raise Refusal(400, 1004, "Invalid status: must be all.")
    where = "" if status else " AND json_extract(body, '$.status') = 'active'"
    return page_of_documents(request, store, "certificate_pack", request.zone, maximum=50, where=where)


@route("GET", PACKS + "/quota", "ssl:read")
def pack_quota(request: Request, store: Store) -> Answer:
    packs = store.list_documents("certificate_pack", request.zone)
    used = sum(pack["type"] == "advanced" for pack in packs)
    return ok({"advanced": {"allocated": ADVANCED_QUOTA, "used": used}})


@route("GET", PACKS + "/{pack_id:uuid}", "ssl:read")
def get_pack(request: Request, store: Store) -> Answer:
    return ok(store.required("certificate_pack", request.zone, request.args["pack_id"], Refusal(*_MISSING)))


@route("GET", UNIVERSAL, "ssl:read")
def get_universal(request: Request, store: Store) -> Answer:
    return ok(_universal(store, request.zone))


def _universal(store: Store, zone_id: str) -> Json:
    saved: Json | None = store.get_document("universal_ssl", zone_id, "settings")
    return saved or {"enabled": True, "certificate_authority": "google"}


@route("PATCH", UNIVERSAL, "ssl:edit")
def patch_universal(request: Request, store: Store) -> Answer:
    sent = request.object()
    if not set(sent) <= {"enabled", "certificate_authority"} or not isinstance(
        sent.get("enabled", True), bool
    ):
        raise invalid_body()
    zone_id = request.zone
    with store.transaction():
        settings = {**_universal(store, zone_id), **sent}
        store.put_document("universal_ssl", zone_id, "settings", settings)
        for pack in store.list_documents("certificate_pack", zone_id):
            if settings["enabled"] is False and pack["type"] == "universal":
                store.delete_document("certificate_pack", zone_id, pack["id"])
    return ok(settings)


@route("GET", "/zones/{zone_id}/ssl/verification", "ssl:read")
def verification(request: Request, store: Store) -> Answer:
    """Report how each pack was validated; the document declares only ``result`` for this answer."""
    found = [_verified(pack) for pack in store.list_documents("certificate_pack", request.zone)]
    return Answer(200, {}, dumps({"result": found}).encode())


_STATES = {"active": "active", "pending_validation": "authorizing", "validation_timed_out": "timing_out"}


def _verified(pack: Json) -> Json:
    name = pack["hosts"][0].removeprefix("*.")
    return {
        "brand_check": False,
        "cert_pack_uuid": pack["id"],
        "certificate_status": _STATES.get(pack["status"], "initializing"),
        "signature": "ECDSAWithSHA256",
        "validation_method": pack["validation_method"],
        "verification_info": {"record_name": f"_acme-challenge.{name}", "record_target": "dcv.example.net"},
        "verification_status": pack["status"] == "active",
        "verification_type": "cname",
    }


@route("GET", CERTIFICATES, "ssl:read")
def list_custom_certificates(request: Request, store: Store) -> Answer:
    status = request.query.get("status", "")
    where, args = (" AND json_extract(body, '$.status') = ?", [status]) if status else ("", [])
    kind = "custom_certificate"
    return page_of_documents(request, store, kind, request.zone, maximum=50, where=where, args=args)


@route("GET", CERTIFICATES + "/{certificate_id}", "ssl:read")
def get_custom_certificate(request: Request, store: Store) -> Answer:
    id = request.args["certificate_id"]
    return ok(store.required("custom_certificate", request.zone, id, Refusal(*_MISSING)))


@route("GET", HOSTNAMES, "ssl:read")
def list_custom_hostnames(request: Request, store: Store) -> Answer:
    args, where = [request.query.get("hostname", "").lower()], " AND instr(sort, ?) > 0"
    kind = "custom_hostname"
    return page_of_documents(request, store, kind, request.zone, maximum=50, where=where, args=args)
