"""Worker routes: the script that answers a pattern, by zone and by script."""

from __future__ import annotations

import re

from ops.sandbox.identity import ACCOUNT_ID
from ops.sandbox.router import route
from ops.sandbox.routes.worker_state import SCRIPT, worker_of
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok, ok_list

WORKERS = "/accounts/{account_id}/workers"
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
        made = _built(store, request.zone, new_id(), request.object())
        store.put_document("worker_route", request.zone, made["id"], made, sort=made["pattern"])
    return ok(made)


@route("PUT", ROUTE, "workers:edit")
def put_route(request: Request, store: Store) -> Answer:
    with store.transaction():
        _route(request, store)
        made = _built(store, request.zone, request.args["route_id"], request.object())
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


def _in_zone(pattern: str, zone: str) -> bool:
    found = _HOST.match(pattern)
    host = found[1].lower().lstrip("*") if found else ""
    return host in (zone, "." + zone) or host.endswith("." + zone)


def _built(store: Store, zone_id: str, id: str, sent: Json) -> Json:
    """Return the route that *sent* describes, or refuse it."""
    pattern, script = sent.get("pattern"), sent.get("script") or None
    zone = store.get_document("zone", "", zone_id)["name"]
    if not isinstance(pattern, str) or not _in_zone(pattern, zone):
        raise Refusal(400, 10022, "workers.api.error.invalid_route_pattern")
    if script is not None and not (isinstance(script, str) and _SCRIPT.fullmatch(script)):
        raise Refusal(400, 10016, "workers.api.error.invalid_script_name")
    if script is not None and store.document_text("worker", ACCOUNT_ID, script) is None:
        raise Refusal(404, 10007, "workers.api.error.script_not_found")
    sql = "SELECT 1 FROM document WHERE kind = 'worker_route' AND owner = ? AND sort = ? AND id <> ?"
    if store.one(sql, (zone_id, pattern, id)):
        raise Refusal(409, 10020, "workers.api.error.duplicate_route")
    return {"id": id, "pattern": pattern, **({} if script is None else {"script": script})}


@route("GET", SCRIPT + "/routes", "workers:read")
@route("GET", WORKERS + "/services/{script_name}/environments/{environment}/routes", "workers:read")
def list_script_routes(request: Request, store: Store) -> Answer:
    """List the routes of a script in every zone, with `show_zonename=true` with the zone's name."""
    worker_of(request, store)
    return ok([{**one, "zone_name": zone["name"]} for zone, one in _of_script(request, store)])


def _of_script(request: Request, store: Store) -> list[tuple[Json, Json]]:
    """Return the zone and the route of each route of a script."""
    return [
        (zone, one)
        for zone in store.list_documents("zone", "")
        for one in store.list_documents("worker_route", zone["id"])
        if one.get("script") == request.args["script_name"]
    ]


@route("PUT", SCRIPT + "/routes", "workers:edit")
def put_script_routes(request: Request, store: Store) -> Answer:
    """Replace the routes of a script with those of an array `[{"pattern": ..., "zone_name": ...}]`."""
    sent, script = request.json(), worker_of(request, store)["id"]
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise invalid_body()
    with store.transaction():
        old = {one["pattern"]: one["id"] for _, one in _of_script(request, store)}
        for zone, one in _of_script(request, store):
            store.delete_document("worker_route", zone["id"], one["id"])
        for one in sent:
            pattern = str(one.get("pattern"))
            zones = store.list_documents("zone", "")
            zone = next((zone for zone in zones if _in_zone(pattern, zone["name"])), {})
            if not zone:
                raise Refusal(400, 10022, "workers.api.error.invalid_route_pattern")
            made = _built(
                store, zone["id"], old.get(pattern) or new_id(), {"pattern": pattern, "script": script}
            )
            store.put_document("worker_route", zone["id"], made["id"], made, sort=pattern)
    return ok([one for _, one in _of_script(request, store)])
