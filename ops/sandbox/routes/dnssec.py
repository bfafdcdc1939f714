"""DNSSEC of a zone."""

from __future__ import annotations

import base64
import hashlib

from ops.sandbox.router import getter, route
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


@getter(PATH, "dns:read")
def _state(request: Request, store: Store) -> Json:
    state: Json | None = store.get_document("dnssec", request.zone, "dnssec")
    return state or disabled(None)


@route("PATCH", PATH, "dns:edit")
def patch_dnssec(request: Request, store: Store) -> Answer:
    """Turn DNSSEC on (pending until the registrar has the DS) or off (pending until it is removed)."""
    sent, state = request.object(), _state(request, store)
    status = sent.get("status")
    if not set(sent) <= {"status", *_OPTIONS} or status not in (None, "active", "disabled"):
        raise invalid_body()
    if status == "active" and state["status"] == "disabled":
        name = store.get_document("zone", "", request.zone)["name"]
        state = signed(request.zone, name, "pending", store.stamp())
    elif status == "active" and state["status"] == "pending-disabled":
        state = {**state, "status": "active", "modified_on": store.stamp()}
    elif status == "disabled" and state["status"] == "active":
        state = {**state, "status": "pending-disabled", "modified_on": store.stamp()}
    elif status == "disabled":
        state = disabled(store.stamp())
    state = {**state, **{name: sent[name] for name in _OPTIONS if name in sent}}
    store.put_document("dnssec", request.zone, "dnssec", state)
    return ok(state)


@route("DELETE", PATH, "dns:edit")
def delete_dnssec(request: Request, store: Store) -> Answer:
    if _state(request, store)["status"] == "active":
        raise Refusal(400, 1014, "DNSSEC is active: disable it before its records are deleted.")
    store.delete_document("dnssec", request.zone, "dnssec")
    return ok("")
