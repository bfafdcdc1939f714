"""Dispatch namespaces, workflows, and sites of Web Analytics."""

from __future__ import annotations

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import route
from ops.sandbox.store import Json, Store, new_id, stable_uuid
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A = "/accounts/{account_id}"
NAMESPACES = A + "/workers/dispatch/namespaces"
WORKFLOWS, SITES = A + "/workflows", A + "/rum/site_info"
_MISSING = Refusal(404, 1002, "The requested item was not found.")


def _find(kind: str, request: Request, store: Store) -> Json:
    return store.required(kind, request.account, request.args["item"], _MISSING)


def _delete(kind: str, request: Request, store: Store) -> Json:
    found = _find(kind, request, store)
    store.delete_document(kind, request.account, request.args["item"])
    return found


def add_namespace(store: Store, account: str, name: str) -> Json:
    about = {"namespace_id": stable_uuid("dispatch", name), "namespace_name": name, "script_count": 0}
    stamps = {"created_on": store.stamp(), "modified_on": store.stamp()}
    return store.put_document(NAMESPACES, account, name, {**about, **stamps}, sort=name)


@route("GET", NAMESPACES, "workers:read")
def list_namespaces(request: Request, store: Store) -> Answer:
    return ok(store.list_documents(NAMESPACES, request.account))


@route("POST", NAMESPACES, "workers:edit")
def create_namespace(request: Request, store: Store) -> Answer:
    name = request.object().get("name")
    require(name)
    if store.get_document(NAMESPACES, request.account, name):
        raise Refusal(409, 100121, f"A dispatch namespace named {name} already exists.")
    return ok(add_namespace(store, request.account, name))


@route("GET", NAMESPACES + "/{item}", "workers:read")
def get_namespace(request: Request, store: Store) -> Answer:
    return ok(_find(NAMESPACES, request, store))


@route("DELETE", NAMESPACES + "/{item}", "workers:edit")
def delete_namespace(request: Request, store: Store) -> Answer:
    _delete(NAMESPACES, request, store)
    return ok(None)


def add_workflow(store: Store, account: str, name: str, sent: Json) -> Json:
    held = store.get_document(WORKFLOWS, account, name) or {
        "id": stable_uuid("workflow", name),
        "name": name,
        "created_on": store.stamp(),
        "instances": {},
    }
    item = {**held, **sent, "modified_on": store.stamp()}
    return store.put_document(WORKFLOWS, account, name, item, sort=name)


@route("GET", WORKFLOWS, "workflows:read")
def list_workflows(request: Request, store: Store) -> Answer:
    items = store.list_documents(WORKFLOWS, request.account)
    return page_of_items(request, items, minimum=1, default=25, maximum=100)


@route("GET", WORKFLOWS + "/{item}", "workflows:read")
def get_workflow(request: Request, store: Store) -> Answer:
    return ok(_find(WORKFLOWS, request, store))


@route("PUT", WORKFLOWS + "/{item}", "workflows:edit")
def put_workflow(request: Request, store: Store) -> Answer:
    """Create or change a workflow of a script that exists."""
    sent = request.object()
    require(sent.get("class_name") and sent.get("script_name"))
    missing = Refusal(404, 10007, "This Worker does not exist on your account.")
    store.required("worker", request.account, sent["script_name"], missing)
    item = add_workflow(store, request.account, request.args["item"], sent)
    about = {name: value for name, value in item.items() if name != "instances"}
    return ok({**about, "is_deleted": 0, "terminator_running": 0, "version_id": stable_uuid("version")})


@route("DELETE", WORKFLOWS + "/{item}", "workflows:edit")
def delete_workflow(request: Request, store: Store) -> Answer:
    _delete(WORKFLOWS, request, store)
    return ok({"status": "ok", "success": True})


def save_site(store: Store, account: str, sent: Json, old: Json | None = None) -> Json:
    """Store a site: of the zone with the tag that was sent, or of a host."""
    site = old or {"site_tag": new_id(), "site_token": new_id(), "created": store.stamp(), "rules": []}
    site["auto_install"] = bool(sent.get("auto_install"))
    if sent.get("zone_tag"):
        zone = store.get_document("zone", "", sent["zone_tag"])
        ruleset = {"id": new_id(), "zone_tag": sent["zone_tag"], "zone_name": zone["name"], "enabled": True}
        site["ruleset"] = ruleset
    else:
        site["host"] = sent["host"]
    return store.put_document(SITES, account, site["site_tag"], site)


@route("GET", SITES + "/list", "account:read")
def list_sites(request: Request, store: Store) -> Answer:
    items = store.list_documents(SITES, request.account)
    return page_of_items(request, items, minimum=1, default=10, maximum=100)


@route("POST", SITES, "account:edit")
def create_site(request: Request, store: Store) -> Answer:
    sent = request.object()
    require(sent.get("zone_tag") or sent.get("host"))
    return ok(save_site(store, request.account, sent))


@route("GET", SITES + "/{item}", "account:read")
def get_site(request: Request, store: Store) -> Answer:
    return ok(_find(SITES, request, store))


@route("PUT", SITES + "/{item}", "account:edit")
def change_site(request: Request, store: Store) -> Answer:
    return ok(save_site(store, request.account, request.object(), _find(SITES, request, store)))


@route("DELETE", SITES + "/{item}", "account:edit")
def delete_site(request: Request, store: Store) -> Answer:
    return ok({"site_tag": _delete(SITES, request, store)["site_tag"]})
