"""DNSSEC of a zone."""

from __future__ import annotations

import base64
import hashlib

from ops.sandbox.router import route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

PATH = "/zones/{zone_id}/dnssec"
_KEYS = (
    *("flags", "algorithm", "key_type", "digest_type", "digest_algorithm", "digest", "ds"),
    *("key_tag", "public_key"),
)
_OPTIONS = ("dnssec_multi_signer", "dnssec_presigned")


def disabled(stamp: str | None) -> Json:
    """Return the state of a zone without DNSSEC."""
    return {"status": "disabled", **dict.fromkeys(_KEYS), "modified_on": stamp}


def signed(zone_id: str, name: str, status: str, stamp: str) -> Json:
    """Return the state of a signed zone; its keys follow from the zone's id."""
    digest = hashlib.sha256(f"{zone_id}:ds".encode()).hexdigest().upper()
    key = base64.b64encode(hashlib.sha512(f"{zone_id}:key".encode()).digest()).decode()
    key_tag = int(digest[:4], 16)
    kind = {"flags": 257, "algorithm": "13", "key_type": "ECDSAP256SHA256"}
    digests = {"digest_type": "2", "digest_algorithm": "SHA256", "digest": digest}
    ds = f"{name}. 3600 IN DS {key_tag} 13 2 {digest}"
    keys = {"ds": ds, "key_tag": key_tag, "public_key": key}
    return {"status": status, **kind, **digests, **keys, "modified_on": stamp}


def _state(store: Store, zone_id: str) -> Json:
    state: Json | None = store.get_document("dnssec", zone_id, "dnssec")
    return state or disabled(None)


@route("GET", PATH, "dns:read")
def get_dnssec(request: Request, store: Store) -> Answer:
    return ok(_state(store, request.zone))


@route("PATCH", PATH, "dns:edit")
def patch_dnssec(request: Request, store: Store) -> Answer:
    sent = request.object()
    if not set(sent) <= {"status", *_OPTIONS} or sent.get("status") not in (None, "active", "disabled"):
        raise invalid_body()
    zone_id = request.zone
    with store.transaction():
        options = {name: sent[name] for name in _OPTIONS if name in sent}
        state = {**_changed(store, zone_id, sent.get("status")), **options}
        store.put_document("dnssec", zone_id, "dnssec", state)
    return ok(state)


def _changed(store: Store, zone_id: str, status: str | None) -> Json:
    """Turn DNSSEC on (pending until the registrar has the DS) or off (pending until it is removed)."""
    state = _state(store, zone_id)
    if status == "active" and state["status"] == "disabled":
        name = store.get_document("zone", "", zone_id)["name"]
        return signed(zone_id, name, "pending", store.stamp())
    if status == "active" and state["status"] == "pending-disabled":
        return {**state, "status": "active", "modified_on": store.stamp()}
    if status == "disabled" and state["status"] == "active":
        return {**state, "status": "pending-disabled", "modified_on": store.stamp()}
    return disabled(store.stamp()) if status == "disabled" else state


@route("DELETE", PATH, "dns:edit")
def delete_dnssec(request: Request, store: Store) -> Answer:
    if _state(store, request.zone)["status"] == "active":
        raise Refusal(400, 1014, "DNSSEC is active: disable it before its records are deleted.")
    store.delete_document("dnssec", request.zone, "dnssec")
    return ok("")
