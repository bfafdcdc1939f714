"""Workers: listing, searching, downloading and deleting scripts."""

from __future__ import annotations

from ops.sandbox.pages import page_of_texts
from ops.sandbox.router import route
from ops.sandbox.routes.worker_domains import detach_all
from ops.sandbox.routes.worker_migrations import drop_namespaces
from ops.sandbox.routes.worker_state import (
    KIND,
    SCRIPT,
    SCRIPTS,
    Json,
    delete,
    download,
    listed,
    modules,
    worker_of,
)
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok

_ORDERS = {"": "script_name", "name": "script_name", "created_on": "created_on", "modified_on": "modified_on"}


@route("GET", SCRIPTS, scope="workers:read")
def list_scripts(request: Request, store: Store) -> Answer:
    """List all Workers at once; `tags=a:yes,b:no` keeps those with the tag a and without b."""
    workers = store.list_documents(KIND, request.args["account_id"])
    wanted = [pair.partition(":") for pair in request.query.get("tags", "").split(",") if pair]
    return ok([listed(one) for one in workers if _tagged(one["settings"]["tags"], wanted)])


def _tagged(tags: list[str], wanted: list[tuple[str, str, str]]) -> bool:
    return all((tag in tags) == (answer != "no") for tag, _, answer in wanted)


@route("GET", "/accounts/{account_id}/workers/scripts-search", scope="workers:read")
def search_scripts(request: Request, store: Store) -> Answer:
    query = request.query
    order = _ORDERS.get(query.get("order_by", ""))
    if order is None:
        raise Refusal(400, 10001, "Invalid order_by: choose name, created_on or modified_on.")
    found = [_found(one) for one in store.list_documents(KIND, request.args["account_id"])]
    kept = [one for one in found if query.get("name", "") in one["script_name"]]
    kept = [one for one in kept if query.get("id", "") in ("", one["id"])]
    texts = [dumps(one) for one in sorted(kept, key=lambda one: str(one[order]))]
    return page_of_texts(request, texts, maximum=100, default=10, minimum=1)


def _found(worker: Json) -> Json:
    stamps = {"created_on": worker["created_on"], "modified_on": worker["modified_on"]}
    environment = {"environment_name": "production", "environment_is_default": True}
    name = worker["id"]
    return {"id": worker["tag"], "script_name": name, "service_name": name, **environment, **stamps}


@route("GET", SCRIPT, scope="workers:read")
@route("GET", SCRIPT + "/content/v2", scope="workers:read")
def get_content(request: Request, store: Store) -> Answer:
    worker = worker_of(request, store)
    return download(worker, modules(store, request.args["account_id"], worker))


@route("DELETE", SCRIPT, scope="workers:edit")
def delete_script(request: Request, store: Store) -> Answer:
    """Delete a Worker with its Durable Object namespaces and custom domains.

    Refused (10064) while other Workers bind to it, unless `force=true`.
    """
    account = request.args["account_id"]
    with store.transaction():
        name = worker_of(request, store)["id"]
        users = [one["id"] for one in store.list_documents(KIND, account) if _uses(one, name)]
        if users and request.flag("force") is not True:
            said = "Cannot delete this Worker as it is still referenced by other Workers"
            raise Refusal(400, 10064, f"{said}: {', '.join(users)}. Use force to delete it anyway.")
        drop_namespaces(store, account, name)
        detach_all(store, account, name)
        delete(store, account, name)
    return ok(None)


def _uses(worker: Json, name: str) -> bool:
    return worker["id"] != name and any(
        name in (binding.get("service"), binding.get("script_name"))
        for binding in worker["settings"]["bindings"]
    )
