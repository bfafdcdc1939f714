"""Zones and their plans: list, create, get, change one field, delete, activation check, hold, DNSSEC."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from ops.sandbox.dns_types import ZONE_NAME, is_hostname, to_ascii
from ops.sandbox.pages import only, page_of_documents
from ops.sandbox.router import getter, route
from ops.sandbox.routes.dns import OPERATORS
from ops.sandbox.store import ACCOUNT_ID, ACCOUNT_NAME, Json, Store, new_id, stable_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

_SERVERS = ("ada", "ben", "cleo", "dana", "ezra", "fay", "gus", "hana")
_PERMISSIONS = ["#dns_records:edit", "#dns_records:read", "#zone:edit", "#zone:read", "#zone_settings:read"]
_META = {"phishing_detected": False, "cdn_only": False, "dns_only": False, "foundation_dns": False}
_SUBSCRIBED = {"is_subscribed": True, **dict.fromkeys(("can_subscribe", "legacy_discount"), False)}
_SUBSCRIBED["externally_managed"] = False
BY_NAME: dict[str, Json] = {
    name: {
        "id": stable_id("plan", name),
        "name": f"{name.title()} Website",
        "legacy_id": name,
        "price": price,
        "currency": "USD",
        "frequency": "monthly" if price else "",
        **_SUBSCRIBED,
    }
    for name, price in {"free": 0, "pro": 25, "business": 250, "enterprise": 0}.items()
}
PLANS: dict[str, Json] = {plan["id"]: plan for plan in BY_NAME.values()}


def new_zone(id: str, name: str, stamp: str, *, type: str = "full", plan: str = "free", **more: Any) -> Json:
    """Return a zone as the API shows it, pending until its name servers are set."""
    quota = 1 if plan in ("business", "enterprise") else 0
    first = int(stable_id("ns", name)[:4], 16) % len(_SERVERS)
    return {
        "id": id,
        "name": name,
        "status": "pending",
        "paused": False,
        "type": type,
        "development_mode": 0,
        "name_servers": [f"{_SERVERS[one]}.ns.cloudflare.com" for one in (first, first - 3)],
        "original_name_servers": ["ns1.registrar.example", "ns2.registrar.example"],
        "original_registrar": "registrar.example",
        "original_dnshost": None,
        "created_on": stamp,
        "modified_on": stamp,
        "activated_on": None,
        "vanity_name_servers": [],
        "meta": {"step": 2, "custom_certificate_quota": quota, "page_rule_quota": 3, **_META},
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": ACCOUNT_ID, "name": ACCOUNT_NAME},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": _PERMISSIONS,
        "plan": BY_NAME[plan],
        **more,
    }


ZONE = "/zones/{zone_id}"
TYPES = ("full", "partial", "secondary", "internal")
_CHANGEABLE = ("paused", "type", "vanity_name_servers", "plan")

_COLUMNS = {
    name: f"json_extract(body, '$.{name}')" for name in ("name", "status", "account.id", "account.name")
}
_OPERATORS = {"equal": OPERATORS["exact"], "not_equal": "lower({0}) <> ?", "contains": OPERATORS["contains"]}
_OPERATORS |= {"starts_with": OPERATORS["startswith"], "ends_with": OPERATORS["endswith"]}


@route("GET", "/zones", "zone:read")
def list_zones(request: Request, store: Store) -> Answer:
    direction, name = request.query.get("direction", "asc"), request.query.get("order", "")
    if direction not in ("asc", "desc"):
        raise Refusal(400, 1004, "Invalid direction: must be asc or desc.")
    if name and name not in _COLUMNS:
        raise Refusal(400, 1004, f"Invalid order: must be one of {', '.join(_COLUMNS)}.")
    order = f"{_COLUMNS[name]} {direction}, sort, id" if name else f"sort {direction}, id"
    where, args = _where(request)
    return page_of_documents(request, store, "zone", "", maximum=50, where=where, args=args, order=order)


def _where(request: Request) -> tuple[str, list[str]]:
    """Return the filters: each is ``value`` or ``operator:value``; a comma separates alternatives."""
    match = request.query.get("match", "all")
    if match not in ("any", "all"):
        raise Refusal(400, 1004, "Invalid match: must be any or all.")
    conditions, args = [], []
    for name, column in _COLUMNS.items():
        value = request.query.get(name, "")
        operator, _, rest = value.partition(":")
        if operator not in _OPERATORS or not rest:
            operator, rest = "equal", value
        texts = [_OPERATORS[operator].format(column) for _ in rest.split(",")]
        if value:
            conditions.append("(" + (" AND " if operator == "not_equal" else " OR ").join(texts) + ")")
            for word in rest.split(","):
                args += [to_ascii(word).lower()] * _OPERATORS[operator].count("?")
    types = request.query.get("type", "").split(",") if request.query.get("type") else list(TYPES[:3])
    type_in = f" AND json_extract(body, '$.type') IN ({','.join('?' * len(types))})"
    joined = (" OR " if match == "any" else " AND ").join(conditions)
    return (f" AND ({joined})" if conditions else "") + type_in, args + types


@route("POST", "/zones", "zone:edit")
def create_zone(request: Request, store: Store) -> Answer:
    sent = request.object()
    name = to_ascii(str(sent.get("name", ""))).lower().rstrip(".")
    account, type = sent.get("account"), sent.get("type", "full")
    if not isinstance(account, dict) or account.get("id") != ACCOUNT_ID:
        raise Refusal(403, 1068, "Permission denied: the account is not yours.")
    if not ZONE_NAME.fullmatch(name) or not is_hostname(name) or type not in TYPES:
        raise Refusal(400, 1049, f"{name} is not a registered domain")
    if store.taken("zone", "", name):
        raise Refusal(400, 1061, f"{name} already exists")
    zone = new_zone(new_id(), name, store.stamp(), type=type)
    return ok(store.put_document("zone", "", zone["id"], zone, sort=name))


getter(ZONE, "zone:read")(lambda request, store: store.get_document("zone", "", request.zone))
route("PUT", ZONE + "/activation_check", "zone:edit")(lambda request, _store: ok({"id": request.zone}))
_hold = only(ZONE + "/hold", "zone:read", "hold", {"hold": False})


@route("PATCH", ZONE, "zone:edit")
def patch_zone(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), store.get_document("zone", "", request.zone)
    if len(sent) != 1:
        raise Refusal(400, 1012, "Only one zone property can be changed at a time.")
    ((name, value),) = sent.items()
    require(name in _CHANGEABLE)
    valid = {
        "paused": isinstance(value, bool),
        "type": value in TYPES,
        "vanity_name_servers": isinstance(value, list) and all(map(is_hostname, map(str, value))),
        "plan": isinstance(value, dict) and value.get("id") in PLANS,
    }
    if not valid[name]:
        raise Refusal(400, 1014, f"Invalid value for {name}.")
    vanity = name == "vanity_name_servers" and value
    if vanity and zone["plan"]["legacy_id"] not in ("business", "enterprise"):
        raise Refusal(400, 1107, "Vanity name servers need a Business plan.")
    zone |= {name: PLANS[value["id"]] if name == "plan" else value, "modified_on": store.stamp()}
    return ok(store.put_document("zone", "", zone["id"], zone, sort=zone["name"]))


@route("DELETE", ZONE, "zone:edit")
def delete_zone(request: Request, store: Store) -> Answer:
    zone_id = request.zone
    if _hold(request, store)["hold"]:
        raise Refusal(400, 1098, "This zone is on hold and cannot be deleted.")
    store.delete_document("zone", "", zone_id)
    store.run("DELETE FROM document WHERE owner = ?", (zone_id,))
    store.run("DELETE FROM dns_record WHERE zone = ?", (zone_id,))
    return ok({"id": zone_id})


DNSSEC = "/zones/{zone_id}/dnssec"
_DNSSEC_KEYS = (
    *("flags", "algorithm", "key_type", "digest_type", "digest_algorithm", "digest", "ds"),
    *("key_tag", "public_key"),
)
_DNSSEC_CHANGES: dict[Any, str] = {("active", "pending-disabled"): "active"}
_DNSSEC_CHANGES["disabled", "active"] = "pending-disabled"
_DNSSEC_OPTIONS = ("dnssec_multi_signer", "dnssec_presigned")
_UNSIGNED: Json = {"status": "disabled", **dict.fromkeys(_DNSSEC_KEYS), "modified_on": None}


def signed(zone_id: str, name: str, status: str, stamp: str) -> Json:
    """Return the state of a signed zone; its keys follow from the zone's id."""
    digest = hashlib.sha256(f"{zone_id}:ds".encode()).hexdigest().upper()
    key = base64.b64encode(hashlib.sha512(f"{zone_id}:key".encode()).digest()).decode()
    key_tag = int(digest[:4], 16)
    kind = {"flags": 257, "algorithm": "13", "key_type": "ECDSAP256SHA256"}
    digests = {"digest_type": "2", "digest_algorithm": "SHA256", "digest": digest}
    keys = {"ds": f"{name}. 3600 IN DS {key_tag} 13 2 {digest}", "key_tag": key_tag, "public_key": key}
    return {"status": status, **kind, **digests, **keys, "modified_on": stamp}


_dnssec = only(DNSSEC, "dns:read", "dnssec", _UNSIGNED)


@route("PATCH", DNSSEC, "dns:edit")
def patch_dnssec(request: Request, store: Store) -> Answer:
    """Turn DNSSEC on (pending until the registrar has the DS) or off (pending until it is removed)."""
    sent, state = request.object(), _dnssec(request, store)
    status = sent.get("status")
    require(set(sent) <= {"status", *_DNSSEC_OPTIONS} and status in (None, "active", "disabled"))
    if status == "active" and state["status"] == "disabled":
        name = store.get_document("zone", "", request.zone)["name"]
        state = signed(request.zone, name, "pending", store.stamp())
    elif changed := _DNSSEC_CHANGES.get((status, state["status"])):
        state = {**state, "status": changed, "modified_on": store.stamp()}
    elif status == "disabled":
        state = {**_UNSIGNED, "modified_on": store.stamp()}
    state = {**state, **{name: sent[name] for name in _DNSSEC_OPTIONS if name in sent}}
    return ok(store.put_document("dnssec", request.zone, "dnssec", state))


@route("DELETE", DNSSEC, "dns:edit")
def delete_dnssec(request: Request, store: Store) -> Answer:
    if _dnssec(request, store)["status"] == "active":
        raise Refusal(400, 1014, "DNSSEC is active: disable it before its records are deleted.")
    store.delete_document("dnssec", request.zone, "dnssec")
    return ok("")
