"""Zones: list, create, get, change one field, delete, activation check, hold."""

from __future__ import annotations

from ops.sandbox.dns_content import is_hostname, is_zone_name, to_ascii
from ops.sandbox.dns_filters import OPERATORS
from ops.sandbox.identity import ACCOUNT_ID
from ops.sandbox.pages import page_of_documents
from ops.sandbox.router import route
from ops.sandbox.store import Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok, ok_text
from ops.sandbox.zone_model import PLANS, new_zone

ZONE = "/zones/{zone_id}"
TYPES = ("full", "partial", "secondary", "internal")
_CHANGEABLE = ("paused", "type", "vanity_name_servers", "plan")

_COLUMNS = {
    "name": "json_extract(body, '$.name')",
    "status": "json_extract(body, '$.status')",
    "account.id": "json_extract(body, '$.account.id')",
    "account.name": "json_extract(body, '$.account.name')",
}
_OPERATORS = {
    "equal": OPERATORS["exact"],
    "not_equal": "lower({0}) <> ?",
    "contains": OPERATORS["contains"],
    "starts_with": OPERATORS["startswith"],
    "ends_with": OPERATORS["endswith"],
}


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
    if not is_zone_name(name) or type not in TYPES:
        raise Refusal(400, 1049, f"{name} is not a registered domain")
    if store.taken("zone", "", name):
        raise Refusal(400, 1061, f"{name} already exists")
    zone = new_zone(new_id(), name, store.stamp(), type=type)
    store.put_document("zone", "", zone["id"], zone, sort=name)
    return ok(zone)


@route("GET", ZONE, "zone:read")
def get_zone(request: Request, store: Store) -> Answer:
    return ok_text(store.document_text("zone", "", request.zone) or "null")


@route("PATCH", ZONE, "zone:edit")
def patch_zone(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), store.get_document("zone", "", request.zone)
    if len(sent) != 1:
        raise Refusal(400, 1012, "Only one zone property can be changed at a time.")
    ((name, value),) = sent.items()
    if name not in _CHANGEABLE:
        raise invalid_body()
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
    store.change_document("zone", "", zone["id"], zone)
    return ok(zone)


@route("DELETE", ZONE, "zone:edit")
def delete_zone(request: Request, store: Store) -> Answer:
    zone_id = request.zone
    if (store.get_document("hold", zone_id, "hold") or {}).get("hold"):
        raise Refusal(400, 1098, "This zone is on hold and cannot be deleted.")
    store.delete_document("zone", "", zone_id)
    store.run("DELETE FROM document WHERE owner = ?", (zone_id,))
    store.run("DELETE FROM dns_record WHERE zone = ?", (zone_id,))
    return ok({"id": zone_id})


@route("PUT", ZONE + "/activation_check", "zone:edit")
def activation_check(request: Request, _store: Store) -> Answer:
    return ok({"id": request.zone})


@route("GET", ZONE + "/hold", "zone:read")
def get_hold(request: Request, store: Store) -> Answer:
    return ok(store.get_document("hold", request.zone, "hold") or {"hold": False})
