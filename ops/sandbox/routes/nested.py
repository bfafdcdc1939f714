"""Collections with a form of their own: lists with items, rules of email, rules of buckets."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.routes.collections import EMAIL_ROUTING
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A, Z = "/accounts/{account_id}", "/zones/{zone_id}"
LISTS = A + "/rules/lists"
ITEMS = LISTS + "/{list}/items"
OPERATION = LISTS + "/bulk_operations/{operation}"
# The fields of which an item of a list has one.
_VALUES = ("ip", "asn", "hostname", "redirect")
GATEWAY_LIST = A + "/gateway/lists/{list}"
_NO_LIST = Refusal(404, 10001, "could not find list")


def _list_owner(request: Request) -> str:
    return f"{request.account}/{request.args['list']}"


@route("GET", ITEMS, "lists:read")
def list_items(request: Request, store: Store) -> Answer:
    """List the items; the cursor is the number of those that were read."""
    store.required(LISTS, request.account, request.args["list"], _NO_LIST)
    items = store.list_documents(ITEMS, _list_owner(request))
    size, start = request.number("per_page", 500, 1, 500), request.number("cursor", 0, 0, 2**31)
    shown, end = items[start : start + size], start + size
    after = {"after": str(end)} if end < len(items) else {}
    return ok(shown, {"cursors": after})


@route("POST", ITEMS, "lists:edit")
@route("PUT", ITEMS, "lists:edit")
def write_items(request: Request, store: Store) -> Answer:
    """Create items, which replaces those with the same value; PUT deletes all others."""
    owner, sent = _list_owner(request), request.json()
    store.required(LISTS, request.account, request.args["list"], _NO_LIST)
    require(isinstance(sent, list) and all(any(name in one for name in _VALUES) for one in sent))
    held = {_value(one): one for one in store.list_documents(ITEMS, owner)}
    if request.method == "PUT":
        for one in held.values():
            store.delete_document(ITEMS, owner, one["id"])
        held = {}
    for one in sent:
        old = held.get(_value(one), {"id": new_id(), "created_on": store.stamp()})
        kept = {"id": old["id"], "created_on": old["created_on"], "modified_on": store.stamp()}
        store.put_document(ITEMS, owner, old["id"], {**one, **kept}, sort=_value(one))
    return _begun(request, store)


@route("DELETE", ITEMS, "lists:edit")
def delete_items(request: Request, store: Store) -> Answer:
    for one in request.object()["items"]:
        store.delete_document(ITEMS, _list_owner(request), one["id"])
    return _begun(request, store)


def _value(item: Json) -> str:
    return next(json.dumps(item[name], sort_keys=True) for name in _VALUES if item.get(name) is not None)


def _begun(request: Request, store: Store) -> Answer:
    """Answer with the id of the operation, which is carried out already, and count the items."""
    found = store.get_document(LISTS, request.account, request.args["list"])
    found["num_items"] = len(store.list_documents(ITEMS, _list_owner(request)))
    store.put_document(LISTS, request.account, found["id"], found, sort=found["name"])
    return ok({"operation_id": new_id()})


@getter(OPERATION, "lists:read")
def operation(request: Request, store: Store) -> Json:
    return {"id": request.args["operation"], "status": "completed", "completed": store.stamp()}


@route("GET", GATEWAY_LIST + "/items", "gateway:read")
def gateway_items(request: Request, store: Store) -> Answer:
    items = store.list_documents(GATEWAY_LIST, _list_owner(request))
    return page_of_items(request, items, minimum=1, default=50, maximum=1000)


@route("PATCH", GATEWAY_LIST, "gateway:edit")
def change_gateway_list(request: Request, store: Store) -> Answer:
    sent, owner = request.object(), _list_owner(request)
    kind = A + "/gateway/lists"
    found = store.required(kind, request.account, request.args["list"], _NO_LIST)
    for value in sent.get("remove") or ():
        store.delete_document(GATEWAY_LIST, owner, value)
    for one in sent.get("append") or ():
        item = {**one, "created_at": store.stamp()}
        store.put_document(GATEWAY_LIST, owner, one["value"], item, sort=one["value"])
    found["count"] = len(store.list_documents(GATEWAY_LIST, owner))
    return ok(store.put_document(kind, request.account, found["id"], found, sort=found["name"]))


RULES = Z + "/email/routing/rules"
_CATCH_ALL: Json = {
    "id": "d9b0ee7b8f6d4f6fa4a1ef7a4e7f5a3c",
    "name": "",
    "enabled": False,
    "matchers": [{"type": "all"}],
    "actions": [{"type": "drop"}],
}


@route("GET", A + "/email/routing/rules", "email:read")
def all_rules(request: Request, store: Store) -> Answer:
    """List the rules of all zones of the account, each with its zone."""
    found = []
    for zone in store.list_documents("zone", ""):
        named = {"zone": {"name": zone["name"], "tag": zone["id"]}}
        found += [{**rule, **named} for rule in store.list_documents(RULES, zone["id"])]
    return page_of_items(request, found, minimum=5, default=20, maximum=50)


@route("GET", RULES, "email:read")
def zone_rules(request: Request, store: Store) -> Answer:
    rules = store.list_documents(RULES, request.zone)
    return page_of_items(request, rules, minimum=5, default=20, maximum=50)


def _rule(request: Request, store: Store) -> Json:
    missing = Refusal(404, 2020, "Rule not found")
    return store.required(RULES, request.zone, request.args["rule"], missing)


getter(RULES + "/{rule}", "email:read")(_rule)


@route("POST", RULES, "email:edit")
@route("PUT", RULES + "/{rule}", "email:edit")
def write_rule(request: Request, store: Store) -> Answer:
    sent = request.object()
    require(sent.get("actions") and sent.get("matchers"))
    id = _rule(request, store)["id"] if request.method == "PUT" else new_id()
    rule = {"id": id, "tag": id, "enabled": True, "name": "", "priority": 0, **sent}
    return ok(store.put_document(RULES, request.zone, id, rule))


@route("DELETE", RULES + "/{rule}", "email:edit")
def delete_rule(request: Request, store: Store) -> Answer:
    rule = _rule(request, store)
    store.delete_document(RULES, request.zone, rule["id"])
    return ok(rule)


@getter(RULES + "/catch_all", "email:read")
def catch_all(request: Request, store: Store) -> Json:
    return store.get_document("email.catch_all", request.zone, "only") or _CATCH_ALL


@route("PUT", RULES + "/catch_all", "email:edit")
def change_catch_all(request: Request, store: Store) -> Answer:
    sent = request.object()
    require(sent.get("actions") and sent.get("matchers"))
    rule = {**catch_all(request, store), **sent}
    return ok(store.put_document("email.catch_all", request.zone, "only", rule))


BUCKET = A + "/r2/buckets/{bucket}"
_PARTS = ("cors", "lifecycle", "lock", "domains/managed")
_DEFAULTS: dict[str, Json] = {
    "lifecycle": {"rules": []},
    "lock": {"rules": []},
    "domains/managed": {"bucketId": "1" * 32, "domain": "pub-1.r2.dev", "enabled": False},
}


def _of_bucket(request: Request) -> str:
    where = request.headers.get("cf-r2-jurisdiction") or "default"
    return f"{request.account}/{where}/{request.args['bucket']}"


def _part(name: str, request: Request, store: Store) -> Json:
    found: Json | None = store.get_document(f"r2.{name}", _of_bucket(request), "only")
    if found is None and name not in _DEFAULTS:
        raise Refusal(404, 10059, "The CORS configuration does not exist.")
    return found or _DEFAULTS[name]


def _put_part(name: str, request: Request, store: Store) -> Answer:
    item = {**(_DEFAULTS.get(name) or {}), **request.object()}
    store.put_document(f"r2.{name}", _of_bucket(request), "only", item)
    return ok(item if name == "domains/managed" else {})


def _delete_part(name: str, request: Request, store: Store) -> Answer:
    store.delete_document(f"r2.{name}", _of_bucket(request), "only")
    return ok({})


for _name in _PARTS:
    getter(f"{BUCKET}/{_name}", "r2:read")(partial(_part, _name))
    route("PUT", f"{BUCKET}/{_name}", "r2:edit")(partial(_put_part, _name))
route("DELETE", f"{BUCKET}/cors", "r2:edit")(partial(_delete_part, "cors"))

DOMAINS = BUCKET + "/domains/custom"


@getter(DOMAINS, "r2:read")
def list_domains(request: Request, store: Store) -> Json:
    return {"domains": store.list_documents(DOMAINS, _of_bucket(request))}


def _domain(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10070, "The domain does not exist.")
    return store.required(DOMAINS, _of_bucket(request), request.args["domain"], missing)


getter(DOMAINS + "/{domain}", "r2:read")(_domain)


@route("POST", DOMAINS, "r2:edit")
@route("PUT", DOMAINS + "/{domain}", "r2:edit")
def write_domain(request: Request, store: Store) -> Answer:
    sent = request.object()
    old = _domain(request, store) if request.method == "PUT" else {}
    item = {**old, "status": {"ownership": "active", "ssl": "active"}, **sent}
    return ok(store.put_document(DOMAINS, _of_bucket(request), item["domain"], item))


@route("DELETE", DOMAINS + "/{domain}", "r2:edit")
def delete_domain(request: Request, store: Store) -> Answer:
    store.delete_document(DOMAINS, _of_bucket(request), _domain(request, store)["domain"])
    return ok({"domain": request.args["domain"]})


ROUTING = Z + "/email/routing"


@route("POST", ROUTING + "/dns", "email:edit")
@route("DELETE", ROUTING + "/dns", "email:edit")
def switch_routing(request: Request, store: Store) -> Answer:
    """Switch Email Routing on or off; the records that this adds or removes are not simulated."""
    found = store.get_document(ROUTING, request.zone, "only") or EMAIL_ROUTING
    on = request.method == "POST"
    item = {**found, "enabled": on, "status": "ready" if on else "unconfigured"}
    return ok(store.put_document(ROUTING, request.zone, "only", item))


ZARAZ = Z + "/settings/zaraz"


@route("GET", ZARAZ + "/workflow", "zaraz:read")
def zaraz_workflow(request: Request, store: Store) -> Answer:
    return ok(store.get_document(ZARAZ, request.zone, "workflow") or "realtime")


HOLD = Z + "/hold"


@route("POST", HOLD, "zone:edit")
def set_hold(request: Request, store: Store) -> Answer:
    below = str(bool(request.flag("include_subdomains"))).lower()
    hold = {"hold": True, "hold_after": store.stamp(), "include_subdomains": below}
    return ok(store.put_document("hold", request.zone, "hold", hold))


@route("DELETE", HOLD, "zone:edit")
def lift_hold(request: Request, store: Store) -> Answer:
    return ok(store.put_document("hold", request.zone, "hold", {"hold": False}))


ROUTES = A + "/teamnet/routes"
_NO_ROUTE = Refusal(404, 1003, "The route was not found.")


def _shown(store: Store, account: str, item: Json) -> Json:
    """Return a route with the names of its tunnel and of its network."""
    tunnel: Any = store.get_document(A + "/cfd_tunnel", account, str(item.get("tunnel_id"))) or {}
    network: Any = store.get_document(
        A + "/teamnet/virtual_networks", account, str(item.get("virtual_network_id"))
    )
    return {**item, "tunnel_name": tunnel.get("name"), "virtual_network_name": (network or {}).get("name")}


@route("GET", ROUTES, "tunnels:read")
def list_routes(request: Request, store: Store) -> Answer:
    items = [_shown(store, request.account, one) for one in store.list_documents(ROUTES, request.account)]
    return page_of_items(request, items, minimum=1, default=1000, maximum=1000)


@route("POST", ROUTES, "tunnels:edit")
@route("PATCH", ROUTES + "/{route}", "tunnels:edit")
def write_route(request: Request, store: Store) -> Answer:
    sent, old = request.object(), {"id": new_id(), "created_at": store.stamp(), "comment": ""}
    if request.method == "PATCH":
        old = store.required(ROUTES, request.account, request.args["route"], _NO_ROUTE)
    item = {**old, **sent}
    require(item.get("network") and item.get("tunnel_id"))
    store.put_document(ROUTES, request.account, item["id"], item, sort=item["network"])
    return ok(_shown(store, request.account, item))


@route("DELETE", ROUTES + "/{route}", "tunnels:edit")
def delete_route(request: Request, store: Store) -> Answer:
    found = store.required(ROUTES, request.account, request.args["route"], _NO_ROUTE)
    store.delete_document(ROUTES, request.account, found["id"])
    return ok(found)


@route("PUT", A, "account:edit")
def change_account(request: Request, store: Store) -> Answer:
    found = store.get_document("account", "", request.account)
    item = {**found, **request.object(), "id": found["id"]}
    return ok(store.put_document("account", "", request.account, item, sort=item["name"]))


@route("GET", A + "/tokens", "account:read")
def list_tokens(request: Request, store: Store) -> Answer:
    items = store.list_documents(A + "/tokens", request.account)
    return page_of_items(request, items, minimum=5, default=20, maximum=50)


@route("GET", "/certificates", "ssl:read")
def list_origin_certificates(request: Request, store: Store) -> Answer:
    """List the Origin CA certificates of the zone in the query, which is needed."""
    require(request.query.get("zone_id"))
    items = store.list_documents("/certificates", request.query["zone_id"])
    return page_of_items(request, items, minimum=5, default=20, maximum=50)
