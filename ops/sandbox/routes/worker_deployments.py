"""Workers: deployments and versions of one script."""

from __future__ import annotations

from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import public
from ops.sandbox.routes.worker_state import SCRIPT, Json, worker_of
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, ok


@route("GET", SCRIPT + "/deployments", scope="workers:read")
def list_deployments(request: Request, store: Store) -> Answer:
    """List deployments, the one in force first."""
    return ok({"deployments": worker_of(request, store)["deployments"]})


@route("GET", SCRIPT + "/versions", scope="workers:read")
def list_versions(request: Request, store: Store) -> Answer:
    """List versions, the newest first; `deployable=true` gives at most ten."""
    versions = worker_of(request, store)["versions"]
    if request.flag("deployable"):
        versions = versions[:10]
    per_page = request.number("per_page", 10, 1, 100)
    first = (request.number("page", 1, 1, 2**31) - 1) * per_page
    names = ("id", "number", "metadata")
    shown = [{name: one[name] for name in names} for one in versions[first : first + per_page]]
    return ok({"items": shown})


@route("GET", SCRIPT + "/versions/{version_id:uuid}", scope="workers:read")
def get_version(request: Request, store: Store) -> Answer:
    for one in worker_of(request, store)["versions"]:
        if one["id"] == request.args["version_id"].lower():
            return ok({**one, "resources": _resources(one["resources"])})
    raise Refusal(404, 10225, "The requested Worker version could not be found.")


def _resources(kept: Json) -> Json:
    settings = kept["settings"]
    script = {"etag": kept["etag"], "handlers": kept["handlers"], "last_deployed_from": "api"}
    runtime = {
        name: settings[name]
        for name in ("compatibility_date", "compatibility_flags", "usage_model", "limits")
    }
    bindings = [public(one) for one in settings["bindings"]]
    return {"bindings": bindings, "script": script, "script_runtime": runtime}
