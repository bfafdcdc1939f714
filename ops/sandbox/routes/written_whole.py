"""Lists that are written as a whole, lists inside of objects, and what only a request of its own shows."""

from __future__ import annotations

from typing import Any

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A, Z = "/accounts/{account_id}", "/zones/{zone_id}"
SNIPPET_RULES = Z + "/snippets/snippet_rules"


def _rows(kind: str, owner: str, store: Store) -> list[Json]:
    found: Json = store.get_document(kind, owner, "only") or {"rows": []}
    rows: list[Json] = found["rows"]
    return rows


def put_rows(store: Store, kind: str, owner: str, rows: Any, *required: str) -> list[Json]:
    """Replace the rows of *owner*; each gets a new id."""
    require(isinstance(rows, list) and all(row.get(name) for row in rows for name in required))
    stamps = {"version": "1", "last_updated": store.stamp()}
    made = [{"enabled": True, "description": "", **row, "id": new_id(), **stamps} for row in rows]
    store.put_document(kind, owner, "only", {"rows": made})
    return made


@route("GET", SNIPPET_RULES, "snippets:read")
def list_snippet_rules(request: Request, store: Store) -> Answer:
    return ok(_rows(SNIPPET_RULES, request.zone, store))


@route("PUT", SNIPPET_RULES, "snippets:edit")
def put_snippet_rules(request: Request, store: Store) -> Answer:
    rows = request.object().get("rules")
    return ok(put_rows(store, SNIPPET_RULES, request.zone, rows, "snippet_name", "expression"))


ROOM_RULES = Z + "/waiting_rooms/{room}/rules"
_NO_RULE = Refusal(404, 1002, "The rule was not found.")


def _room(request: Request) -> str:
    return f"{request.zone}/{request.args['room']}"


@route("GET", ROOM_RULES, "waiting_rooms:read")
def list_room_rules(request: Request, store: Store) -> Answer:
    return ok(store.list_documents(ROOM_RULES, _room(request)))


@route("POST", ROOM_RULES, "waiting_rooms:edit")
@route("PATCH", ROOM_RULES + "/{rule}", "waiting_rooms:edit")
def write_room_rule(request: Request, store: Store) -> Answer:
    """Create or change one rule; the answer holds all of them."""
    old: Json = {"id": new_id(), "enabled": True, "description": "", "version": "1"}
    if request.method == "PATCH":
        old = store.required(ROOM_RULES, _room(request), request.args["rule"], _NO_RULE)
    item = {**old, **request.object(), "last_updated": store.stamp()}
    require(item.get("action") and item.get("expression"))
    store.put_document(ROOM_RULES, _room(request), item["id"], item)
    return list_room_rules(request, store)


@route("DELETE", ROOM_RULES + "/{rule}", "waiting_rooms:edit")
def delete_room_rule(request: Request, store: Store) -> Answer:
    found = store.required(ROOM_RULES, _room(request), request.args["rule"], _NO_RULE)
    store.delete_document(ROOM_RULES, _room(request), found["id"])
    return list_room_rules(request, store)


VARIANTS = A + "/images/v1/variants"
_NO_VARIANT = Refusal(404, 5410, "Variant not found")


@getter(VARIANTS, "images:read")
def list_variants(request: Request, store: Store) -> Json:
    return {"variants": {one["id"]: one for one in store.list_documents(VARIANTS, request.account)}}


@route("POST", VARIANTS, "images:edit")
@route("PATCH", VARIANTS + "/{variant}", "images:edit")
def write_variant(request: Request, store: Store) -> Answer:
    sent = request.object()
    if request.method == "PATCH":
        found = store.required(VARIANTS, request.account, request.args["variant"], _NO_VARIANT)
        sent = {**found, **sent, "id": found["id"]}
    require(sent.get("id") and isinstance(sent.get("options"), dict))
    variant = {"neverRequireSignedURLs": False, **sent}
    return ok({"variant": store.put_document(VARIANTS, request.account, variant["id"], variant)})


@route("DELETE", VARIANTS + "/{variant}", "images:edit")
def delete_variant(request: Request, store: Store) -> Answer:
    found = store.required(VARIANTS, request.account, request.args["variant"], _NO_VARIANT)
    store.delete_document(VARIANTS, request.account, found["id"])
    return ok({})


NOTIFIED = A + "/event_notifications/r2/{bucket}/configuration"
_NO_NOTIFICATION = Refusal(404, 11015, "The configuration does not exist.")


def _bucket(request: Request) -> str:
    where = request.headers.get("cf-r2-jurisdiction") or "default"
    return f"{request.account}/{where}/{request.args['bucket']}"


@getter(NOTIFIED, "r2:read")
def list_notifications(request: Request, store: Store) -> Json:
    queues = store.list_documents(NOTIFIED, _bucket(request))
    if not queues:
        raise _NO_NOTIFICATION
    return {"bucketName": request.args["bucket"], "queues": queues}


@route("PUT", NOTIFIED + "/queues/{queue}", "r2:edit")
def add_notifications(request: Request, store: Store) -> Answer:
    """Add rules to those that a queue gets already, as Cloudflare's own tool relies on."""
    rules, owner = request.object().get("rules"), _bucket(request)
    require(isinstance(rules, list) and all(rule.get("actions") for rule in rules))
    queue: Any = store.get_document("queue", request.account, request.args["queue"])
    if queue is None:
        raise Refusal(404, 11000, "Queue not found.")
    held: Any = store.get_document(NOTIFIED, owner, queue["queue_id"]) or {"rules": []}
    added = [{**rule, "ruleId": new_id(), "createdAt": store.stamp()} for rule in rules]
    about = {"queueId": queue["queue_id"], "queueName": queue["queue_name"]}
    item = {**about, "rules": [*held["rules"], *added]}
    store.put_document(NOTIFIED, owner, queue["queue_id"], item)
    return ok({})


@route("DELETE", NOTIFIED + "/queues/{queue}", "r2:edit")
def delete_notifications(request: Request, store: Store) -> Answer:
    found = store.required(NOTIFIED, _bucket(request), request.args["queue"], _NO_NOTIFICATION)
    store.delete_document(NOTIFIED, _bucket(request), found["queueId"])
    return ok({})


SIPPY = A + "/r2/buckets/{bucket}/sippy"


@getter(SIPPY, "r2:read")
def sippy(request: Request, store: Store) -> Json:
    return store.get_document(SIPPY, _bucket(request), "only") or {"enabled": False}


@route("GET", "/user/tokens", "user:read")
def list_user_tokens(request: Request, store: Store) -> Answer:
    items = store.list_documents("/user/tokens", "")
    return page_of_items(request, items, minimum=5, default=20, maximum=50)


INSIGHTS = A + "/security-center/insights"


@getter(INSIGHTS, "security:read")
def list_insights(request: Request, store: Store) -> Json:
    """List what was found; the numbers of the page are inside of the result."""
    items = store.list_documents(INSIGHTS, request.account)
    page, size = request.number("page", 1, 1, 10_000), request.number("per_page", 25, 1, 1000)
    shown = items[(page - 1) * size : page * size]
    return {"count": len(items), "page": page, "per_page": size, "issues": shown}
