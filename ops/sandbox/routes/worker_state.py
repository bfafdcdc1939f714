"""A Worker's state: one document with settings, versions and deployments, its modules and Durable Objects.

Modules are documents of their own in base64, because they may be binary. Of a secret only name and type
are stored, never its value. Durable Objects can only be listed; the migrations of a Worker's upload create,
rename, transfer and delete their namespaces.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ops.sandbox.pages import cursor_of, listing
from ops.sandbox.router import getter, not_routable, route, segments
from ops.sandbox.routes.worker_code import Module, invalid, public
from ops.sandbox.store import EMAIL, USER_ID, Json, Store, new_id
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

NO_VERSION = (404, 10225, "The requested Worker version could not be found.")
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
    if worker["versions"][0]["id"] != worker["version"]:
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
        raise Refusal(*NO_VERSION)
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


@getter(SCRIPT + "/versions/{version_id:uuid}", "workers:read")
def get_version(request: Request, store: Store) -> Json:
    for one in worker_of(request, store)["versions"]:
        if one["id"] == request.args["version_id"].lower():
            return shown(one)
    raise Refusal(*NO_VERSION)


def shown(version: Json) -> Json:
    """Return a version as the API shows it, without the values of secrets."""
    kept, settings = version["resources"], version["resources"]["settings"]
    script = {name: kept[name] for name in ("etag", "handlers", "last_deployed_from")}
    names = ("compatibility_date", "compatibility_flags", "usage_model", "limits")
    runtime = {name: settings[name] for name in names}
    bindings = [public(one) for one in settings["bindings"]]
    return {**version, "resources": {"bindings": bindings, "script": script, "script_runtime": runtime}}


NAMESPACES = "/accounts/{account_id}/workers/durable_objects/namespaces"
NAMESPACE = "do.namespace"

_OBJECTS = """
    SELECT id, '{"id":"' || id || '","hasStoredData":' || iif(stored, 'true', 'false') || '}' FROM do_object
    WHERE namespace = :namespace AND id > :after ORDER BY id LIMIT :limit
"""
listing(NAMESPACES, "workers:read", NAMESPACE, maximum=1000, minimum=1)


@route("GET", NAMESPACES + "/{namespace_id}/objects", scope="workers:read")
def list_objects(request: Request, store: Store) -> Answer:
    """List the ids of a namespace's objects, also of those without stored data."""
    namespace = request.args["namespace_id"]
    store.required(NAMESPACE, request.account, namespace, not_routable(segments(request.path)))
    limit = request.number("limit", 1000, 10, 10_000)
    return cursor_of(request, store, _OBJECTS, {"namespace": namespace}, limit=limit, both=True)


def migrate(store: Store, account: str, worker: Json, migrations: Any) -> None:
    """Apply *migrations* (one step, or `steps`), store `new_tag`, and check `old_tag`, if any (10079)."""
    if not isinstance(migrations, dict):
        return
    old, now, script = migrations.get("old_tag"), worker.get("migration_tag"), worker["id"]
    if old is not None and old != now:
        raise Refusal(412, 10079, f"Migration tag precondition failed; current tag is '{now or ''}'.")
    for step in migrations.get("steps") or [migrations]:
        for list_name, sqlite in (("new_classes", False), ("new_sqlite_classes", True)):
            for name in step.get(list_name, []):
                if any(one["class"] == name for one in namespaces(store, account, script)):
                    problem = "that is already depended on by existing Durable Objects"
                    raise Refusal(400, 10074, f"Cannot apply new-class migration to class '{name}' {problem}")
                about: Json = {"id": new_id(), "name": f"{script}_{name}", "script": script, "class": name}
                about["use_sqlite"] = sqlite
                store.put_document(NAMESPACE, account, about["id"], about, sort=about["name"])
        for change in [*step.get("renamed_classes", []), *step.get("transferred_classes", [])]:
            name, owner = change["to"], change.get("from_script", script)
            namespace = _namespace_of(store, account, owner, change["from"])
            namespace |= {"name": f"{script}_{name}", "script": script, "class": name}
            store.put_document(NAMESPACE, account, namespace["id"], namespace, sort=namespace["name"])
        for name in step.get("deleted_classes", []):
            _namespace_of(store, account, script, name)
            drop_namespaces(store, account, script, {name})
    if migrations.get("new_tag"):
        worker["migration_tag"] = migrations["new_tag"]


def namespaces(store: Store, account: str, script: str) -> list[Json]:
    """Return the namespaces of a Worker's classes."""
    return [one for one in store.list_documents(NAMESPACE, account) if one["script"] == script]


def drop_namespaces(store: Store, account: str, script: str, classes: set[str] | None = None) -> None:
    """Delete a Worker's namespaces, or those of *classes*, with all their objects."""
    for one in namespaces(store, account, script):
        if classes is None or one["class"] in classes:
            store.delete_document(NAMESPACE, account, one["id"])
            store.run("DELETE FROM do_object WHERE namespace = ?", (one["id"],))


def _namespace_of(store: Store, account: str, script: str, name: str) -> Json:
    for one in namespaces(store, account, script):
        if one["class"] == name:
            return one
    raise Refusal(400, 10072, f"Cannot migrate class '{name}': '{script}' has no Durable Objects of it")
