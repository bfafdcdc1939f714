"""Workers: versions and deployments of one script."""

from __future__ import annotations

import uuid

from ops.sandbox.identity import EMAIL, USER_ID
from ops.sandbox.router import getter, route
from ops.sandbox.routes.worker_bindings import invalid, public
from ops.sandbox.routes.worker_state import SCRIPT, Module, modules, save, save_modules, worker_of
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, ok

# The fields that belong to a version, and are restored when it is deployed again.
_OF_A_VERSION = (
    *("settings", "main", "has_modules", "handlers", "named_handlers", "etag"),
    *("last_deployed_from", "has_assets"),
)
_ANNOTATIONS = ("workers/message", "workers/tag", "workers/alias")


def add_version(worker: Json, source: Json, now: str, id: str = "", **annotations: str) -> Json:
    """Add the newest version of a Worker, with code and settings of *source*."""
    author = {"author_email": EMAIL, "author_id": USER_ID}
    stamps = {"created_on": now, "modified_on": now, "source": "api", "hasPreview": False}
    version = {
        "id": id or str(uuid.uuid4()),
        "number": len(worker["versions"]) + 1,
        "metadata": {**author, **stamps},
        "annotations": annotations,
        "resources": {name: source[name] for name in _OF_A_VERSION},
    }
    worker["versions"].insert(0, version)
    return version


def deploy(worker: Json, now: str, traffic: list[Json], id: str = "", message: str = "") -> Json:
    """Add the newest deployment of a Worker; its version with the most traffic becomes active."""
    first = max(traffic, key=lambda share: float(share["percentage"]))["version_id"]
    version = next(one for one in worker["versions"] if one["id"] == first)
    worker |= {**version["resources"], "version": first, "modified_on": now}
    deployment = {
        "id": id or str(uuid.uuid4()),
        "source": "api",
        "strategy": "percentage",
        "author_email": EMAIL,
        "created_on": now,
        "versions": traffic,
        "annotations": {"workers/message": message} if message else {},
    }
    worker["deployments"].insert(0, deployment)
    return deployment


def annotations_of(sent: Json) -> dict[str, str]:
    """Return the message and the tag of an upload or a deployment."""
    annotations = sent.get("annotations") or {}
    return {name: str(annotations[name]) for name in _ANNOTATIONS if annotations.get(name)}


def release(store: Store, account: str, worker: Json, parts: list[Module], **annotations: str) -> str:
    """Create a version of the Worker's current state and deploy it; return its id."""
    version = add_version(worker, worker, store.stamp(), **annotations)
    message = annotations.get("workers/message", "")
    deploy(worker, store.stamp(), [{"version_id": version["id"], "percentage": 100}], message=message)
    save_modules(store, account, worker["id"], version["id"], parts)
    save(store, account, worker)
    return str(version["id"])


def release_settings(store: Store, account: str, worker: Json, code: int, trigger: str) -> None:
    """Create and deploy a version with the code of the active one; refused unless that is the newest."""
    if not worker["versions"] or worker["versions"][0]["id"] != worker["version"]:
        problem = "the latest version of your Worker isn't currently deployed."
        raise Refusal(400, code, f"Edit failed. You attempted to modify settings or a secret, but {problem}")
    parts = modules(store, account, worker)
    release(store, account, worker, parts, **{"workers/triggered_by": trigger})


@route("GET", SCRIPT + "/deployments", scope="workers:read")
def list_deployments(request: Request, store: Store) -> Answer:
    """List deployments, the active one first."""
    return ok({"deployments": worker_of(request, store)["deployments"]})


@route("POST", SCRIPT + "/deployments", scope="workers:edit")
def create_deployment(request: Request, store: Store) -> Answer:
    """Distribute traffic over versions; their percentages must add up to 100."""
    body, worker = request.object(), worker_of(request, store)
    traffic, known = body.get("versions"), {one["id"] for one in worker["versions"]}
    if not isinstance(traffic, list) or not traffic:
        raise invalid("a deployment needs a list of versions")
    if any(share.get("version_id") not in known for share in traffic):
        raise no_version()
    if sum(share.get("percentage", 0) for share in traffic) != 100:
        raise invalid("the percentages of a deployment must add up to 100")
    message = annotations_of(body).get("workers/message", "")
    deployment = deploy(worker, store.stamp(), traffic, message=message)
    save(store, request.account, worker)
    return ok(deployment)


@route("GET", SCRIPT + "/versions", scope="workers:read")
def list_versions(request: Request, store: Store) -> Answer:
    """List versions, the newest first; `deployable=true` limits them to ten."""
    versions = worker_of(request, store)["versions"]
    if request.flag("deployable"):
        versions = versions[:10]
    per_page = request.number("per_page", 10, 1, 100)
    first = (request.number("page", 1, 1, 2**31) - 1) * per_page
    names = ("id", "number", "metadata", "annotations")
    shown = [{name: one[name] for name in names} for one in versions[first : first + per_page]]
    return ok({"items": shown})


def no_version() -> Refusal:
    """Return the refusal of an unknown version."""
    return Refusal(404, 10225, "The requested Worker version could not be found.")


@getter(SCRIPT + "/versions/{version_id:uuid}", "workers:read")
def get_version(request: Request, store: Store) -> Json:
    for one in worker_of(request, store)["versions"]:
        if one["id"] == request.args["version_id"].lower():
            return shown(one)
    raise no_version()


def shown(version: Json) -> Json:
    """Return a version as the API shows it, without the values of secrets."""
    kept, settings = version["resources"], version["resources"]["settings"]
    script = {name: kept[name] for name in ("etag", "handlers", "last_deployed_from")}
    names = ("compatibility_date", "compatibility_flags", "usage_model", "limits")
    runtime = {name: settings[name] for name in names}
    bindings = [public(one) for one in settings["bindings"]]
    return {**version, "resources": {"bindings": bindings, "script": script, "script_runtime": runtime}}
