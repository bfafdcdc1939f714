"""Zones: list, create, get, change one field, delete, activation check, hold."""

from __future__ import annotations

from typing import Any

from ops.sandbox.dns_content import is_hostname, is_zone_name, to_ascii
from ops.sandbox.dns_filters import OPERATORS
from ops.sandbox.identity import ACCOUNT_ID
from ops.sandbox.pages import page_of_documents
from ops.sandbox.router import route
from ops.sandbox.store import Json, Store, new_id
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
    where, args = _where(request)
    order = _order(request)
    return page_of_documents(request, store, "zone", "", maximum=50, where=where, args=args, order=order)


def _where(request: Request) -> tuple[str, list[str]]:
    match = request.query.get("match", "all")
    if match not in ("any", "all"):
        raise Refusal(400, 1004, "Invalid match: must be any or all.")
    named = {column: request.query[name] for name, column in _COLUMNS.items() if request.query.get(name)}
    conditions = [_condition(column, value) for column, value in named.items()]
    types = request.query.get("type", "").split(",") if request.query.get("type") else list(TYPES[:3])
    type_in = f" AND json_extract(body, '$.type') IN ({','.join('?' * len(types))})"
    joined = (" OR " if match == "any" else " AND ").join(text for text, _ in conditions)
    args = [value for _, values in conditions for value in values]
    return (f" AND ({joined})" if conditions else "") + type_in, args + types


def _condition(column: str, value: str) -> tuple[str, list[str]]:
    """Return the condition of ``value`` or ``operator:value``; a comma separates alternatives."""
    operator, _, rest = value.partition(":")
    if operator not in _OPERATORS or not rest:
        operator, rest = "equal", value
    texts, args = [], []
    for word in rest.split(","):
        texts.append(_OPERATORS[operator].format(column))
        args += [to_ascii(word).lower()] * _OPERATORS[operator].count("?")
    return "(" + (" AND " if operator == "not_equal" else " OR ").join(texts) + ")", args


def _order(request: Request) -> str:
    direction = request.query.get("direction", "asc")
    if direction not in ("asc", "desc"):
        raise Refusal(400, 1004, "Invalid direction: must be asc or desc.")
    name = request.query.get("order", "")
    if not name:
        return f"sort {direction}, id"
    if name not in _COLUMNS:
        raise Refusal(400, 1004, f"Invalid order: must be one of {', '.join(_COLUMNS)}.")
    return f"{_COLUMNS[name]} {direction}, sort, id"


@route("POST", "/zones", "zone:edit")
def create_zone(request: Request, store: Store) -> Answer:
    sent = request.object()
    name = to_ascii(str(sent.get("name", ""))).lower().rstrip(".")
    account, type = sent.get("account"), sent.get("type", "full")
    if not isinstance(account, dict) or account.get("id") != ACCOUNT_ID:
        raise Refusal(403, 1068, "Permission denied: the account is not yours.")
    if not is_zone_name(name) or type not in TYPES:
        raise Refusal(400, 1049, f"{name} is not a registered domain")
    with store.transaction():
        if store.one("SELECT 1 FROM document WHERE kind = 'zone' AND owner = '' AND sort = ?", (name,)):
            raise Refusal(400, 1061, f"{name} already exists")
        zone = new_zone(new_id(), name, store.stamp(), type=type)
        store.put_document("zone", "", zone["id"], zone, sort=name)
    return ok(zone)


@route("GET", ZONE, "zone:read")
def get_zone(request: Request, store: Store) -> Answer:
    return ok_text(store.document_text("zone", "", request.zone) or "null")


@route("PATCH", ZONE, "zone:edit")
def patch_zone(request: Request, store: Store) -> Answer:
    sent = request.object()
    if len(sent) != 1:
        raise Refusal(400, 1012, "Only one zone property can be changed at a time.")
    ((name, value),) = sent.items()
    with store.transaction():
        zone = store.get_document("zone", "", request.zone)
        zone[name] = _checked(name, value, zone)
        zone["modified_on"] = store.stamp()
        store.change_document("zone", "", zone["id"], zone)
    return ok(zone)


def _checked(name: str, value: Any, zone: Json) -> Any:
    """Return the new value of a zone's property, or refuse it."""
    if name == "paused" and isinstance(value, bool):
        return value
    if name == "type" and value in TYPES:
        return value
    if name == "vanity_name_servers" and isinstance(value, list) and all(map(is_hostname, map(str, value))):
        if value and zone["plan"]["legacy_id"] not in ("business", "enterprise"):
            raise Refusal(400, 1107, "Vanity name servers need a Business plan.")
        return value
    if name == "plan" and isinstance(value, dict) and value.get("id") in PLANS:
        return PLANS[value["id"]]
    raise Refusal(400, 1014, f"Invalid value for {name}.") if name in _CHANGEABLE else invalid_body()


@route("DELETE", ZONE, "zone:edit")
def delete_zone(request: Request, store: Store) -> Answer:
    zone_id = request.zone
    if (store.get_document("hold", zone_id, "hold") or {}).get("hold"):
        raise Refusal(400, 1098, "This zone is on hold and cannot be deleted.")
    with store.transaction():
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
