"""A Worker's state: one document with settings, versions and deployments, and its modules.

Modules are documents of their own in base64, because they may be binary. Of a secret only name and type
are stored, never its value.
"""

from __future__ import annotations

import base64
import uuid

from ops.sandbox.identity import EMAIL, USER_ID
from ops.sandbox.router import getter, route
from ops.sandbox.routes.worker_code import Module, invalid, public
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, ok

SCRIPTS = "/accounts/{account_id}/workers/scripts"
SCRIPT = SCRIPTS + "/{script_name}"
KIND = "worker"
MODULE = "worker.module"
# The fields that belong to a version, and are restored when it is deployed again.
_CODE = ("etag", "handlers", "named_handlers", "has_modules", "last_deployed_from", "has_assets")
_OF_A_VERSION = (*_CODE, "settings", "main")
_ANNOTATIONS = ("workers/message", "workers/tag", "workers/alias")

_LISTED = (*_CODE, "id", "tag", "created_on", "modified_on")
_LISTED_SETTINGS = (
    *("usage_model", "compatibility_date", "compatibility_flags"),
    *("logpush", "tail_consumers", "placement", "tags"),
)


NO_WORKER = (404, 10007, "This Worker does not exist on your account.")


def worker_of(request: Request, store: Store) -> Json:
    """Return the Worker of the request, or refuse it with 10007."""
    return store.required(KIND, request.account, request.args["script_name"], Refusal(*NO_WORKER))


def listed(worker: Json) -> Json:
    """Return a Worker as listings and uploads send it."""
    settings = {name: worker["settings"][name] for name in _LISTED_SETTINGS}
    return optional(worker, {**{name: worker[name] for name in _LISTED}, **settings})


def optional(worker: Json, about: Json) -> Json:
    """Return *about* with the migration tag of a Worker that has one, and without an empty placement."""
    placement = {} if about["placement"] else {"placement"}
    tag = {"migration_tag": worker["migration_tag"]} if worker.get("migration_tag") else {}
    return {name: value for name, value in about.items() if name not in placement} | tag


def save(store: Store, account: str, worker: Json) -> None:
    store.put_document(KIND, account, worker["id"], worker, sort=worker["id"])


def modules(store: Store, account: str, worker: Json) -> list[Module]:
    """Return the modules of a Worker's active version, in the order of their upload."""
    documents = store.list_documents(MODULE, f"{account}/{worker['id']}/{worker['version']}")
    return [Module(one["name"], one["type"], base64.b64decode(one["data"])) for one in documents]


def save_modules(store: Store, account: str, name: str, version: str, parts: list[Module]) -> None:
    for place, part in enumerate(parts):
        data = base64.b64encode(part.data).decode()
        body = {"name": part.name, "type": part.content_type, "data": data}
        store.put_document(MODULE, f"{account}/{name}/{version}", part.name, body, sort=f"{place:04}")


def delete(store: Store, account: str, name: str) -> None:
    """Delete a Worker and the modules of all its versions."""
    # "0" is the character after "/": all owners that begin with "account/name/".
    bounds = (MODULE, f"{account}/{name}/", f"{account}/{name}0")
    store.run("DELETE FROM document WHERE kind = ? AND owner > ? AND owner < ?", bounds)
    store.delete_document(KIND, account, name)


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


# The active deployment is the first.
getter(SCRIPT + "/deployments", "workers:read")(
    lambda request, store: {"deployments": worker_of(request, store)["deployments"]}
)


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


@getter(SCRIPT + "/versions", "workers:read")
def list_versions(request: Request, store: Store) -> Json:
    """List versions, the newest first; `deployable=true` limits them to ten."""
    versions = worker_of(request, store)["versions"][: 10 if request.flag("deployable") else None]
    per_page = request.number("per_page", 10, 1, 100)
    first = (request.number("page", 1, 1, 2**31) - 1) * per_page
    names = ("id", "number", "metadata", "annotations")
    return {"items": [{name: one[name] for name in names} for one in versions[first : first + per_page]]}


def no_version() -> Refusal:
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
