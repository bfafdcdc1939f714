"""Workers as services: the calls that only Cloudflare's own deployment tool makes.

They are not in the public document; the forms are those that the open source of that tool reads.
"""

from __future__ import annotations

from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import public
from ops.sandbox.routes.worker_state import Json, find, listed
from ops.sandbox.routes.workers import delete_script
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, ok

SERVICE = "/accounts/{account_id}/workers/services/{service_name}"
ENVIRONMENT = SERVICE + "/environments/{environment_name}"


def _service(request: Request, store: Store) -> Json:
    found = find(store, request.args["account_id"], request.args["service_name"])
    if found is None or request.args.get("environment_name", "production") != "production":
        raise Refusal(404, 10090, "workers.api.error.service_not_found")
    return found


@route("GET", SERVICE, scope="workers:read")
def get_service(request: Request, store: Store) -> Answer:
    worker = _service(request, store)
    stamps = {"created_on": worker["created_on"], "modified_on": worker["modified_on"]}
    environment = {"environment": "production", **stamps, "script": listed(worker)}
    about = {"id": worker["id"], "default_environment": environment, "environments": [environment]}
    return ok({**about, **stamps})


@route("DELETE", SERVICE, scope="workers:edit")
def delete_service(request: Request, store: Store) -> Answer:
    _service(request, store)
    request.args["script_name"] = request.args["service_name"]
    return delete_script(request, store)


@route("GET", ENVIRONMENT, scope="workers:read")
def get_environment(request: Request, store: Store) -> Answer:
    worker = _service(request, store)
    return ok({"environment": "production", "script": listed(worker), "modified_on": worker["modified_on"]})


@route("GET", ENVIRONMENT + "/bindings", scope="workers:read")
def list_bindings(request: Request, store: Store) -> Answer:
    return ok([public(one) for one in _service(request, store)["settings"]["bindings"]])
