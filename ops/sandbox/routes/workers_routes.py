"""Worker routes of a zone: which script answers which pattern."""

from __future__ import annotations

import re

from ops.sandbox.identity import ACCOUNT_ID
from ops.sandbox.router import route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, ok_list

ROUTES = "/zones/{zone_id}/workers/routes"
ROUTE = "/zones/{zone_id}/workers/routes/{route_id}"
_SCRIPT = re.compile(r"[a-z0-9_][a-z0-9-_]*")
_HOST = re.compile(r"(?:https?://|\*://)?([^/]+)")


@route("GET", ROUTES, "workers:read")
def list_routes(request: Request, store: Store) -> Answer:
    return ok_list(store.document_texts("worker_route", request.zone))


@route("GET", ROUTE, "workers:read")
def get_route(request: Request, store: Store) -> Answer:
    return ok(_route(request, store))


@route("POST", ROUTES, "workers:edit")
def create_route(request: Request, store: Store) -> Answer:
    with store.transaction():
        made = _built(request, store, new_id())
        store.put_document("worker_route", request.zone, made["id"], made, sort=made["pattern"])
    return ok(made)


@route("PUT", ROUTE, "workers:edit")
def put_route(request: Request, store: Store) -> Answer:
    with store.transaction():
        _route(request, store)
        made = _built(request, store, request.args["route_id"])
        store.put_document("worker_route", request.zone, made["id"], made, sort=made["pattern"])
    return ok(made)


@route("DELETE", ROUTE, "workers:edit")
def delete_route(request: Request, store: Store) -> Answer:
    _route(request, store)
    store.delete_document("worker_route", request.zone, request.args["route_id"])
    return ok({"id": request.args["route_id"]})


def _route(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10008, "workers.api.error.route_not_found")
    return store.required("worker_route", request.zone, request.args["route_id"], missing)


def _built(request: Request, store: Store, id: str) -> Json:
    """Return the route that the request describes, or refuse it."""
    sent, zone_id = request.object(), request.zone
    pattern, script = sent.get("pattern"), sent.get("script") or None
    zone = store.get_document("zone", "", zone_id)["name"]
    found = _HOST.match(str(pattern))
    host = found[1].lower().lstrip("*") if found else ""
    in_zone = host in (zone, "." + zone) or host.endswith("." + zone)
    if not isinstance(pattern, str) or not in_zone:
        raise Refusal(400, 10022, "workers.api.error.invalid_route_pattern")
    if script is not None and not (isinstance(script, str) and _SCRIPT.fullmatch(script)):
        raise Refusal(400, 10016, "workers.api.error.invalid_script_name")
    if script is not None and store.document_text("worker", ACCOUNT_ID, script) is None:
        raise Refusal(404, 10007, "workers.api.error.script_not_found")
    sql = "SELECT 1 FROM document WHERE kind = 'worker_route' AND owner = ? AND sort = ? AND id <> ?"
    if store.one(sql, (zone_id, pattern, id)):
        raise Refusal(409, 10020, "workers.api.error.duplicate_route")
    return {"id": id, "pattern": pattern, **({} if script is None else {"script": script})}
