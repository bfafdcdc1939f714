"""Workers: uploading a script, replacing its code only, and uploading a version without deploying it."""

from __future__ import annotations

import re
from copy import deepcopy

from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import check_targets, resolve
from ops.sandbox.routes.worker_code import MODULES, check_imports, chosen, describe, entry, received
from ops.sandbox.routes.worker_deployments import add_version, deploy, shown
from ops.sandbox.routes.worker_migrations import migrate, namespaces
from ops.sandbox.routes.worker_state import (
    SCRIPT,
    Json,
    Module,
    find,
    listed,
    save,
    save_modules,
    worker_of,
)
from ops.sandbox.store import Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_STARTUP_MS = 11


@route("PUT", SCRIPT, scope="workers:edit")
def upload(request: Request, store: Store) -> Answer:
    """Make a Worker of the form: a new version of it, deployed at once, with the bindings of the form."""
    account, name = request.args["account_id"], request.args["script_name"]
    if not _NAME.fullmatch(name):
        raise Refusal(400, 10016, "Invalid Worker name: use lowercase letters, digits, - and _.")
    with store.transaction():
        worker = find(store, account, name) or new_worker(name, new_id(), store.stamp())
        parts = _take(request, store, worker)
        version = _release(store, account, worker, parts)
    # Cloudflare's deployment tool reads the new version's id here, without its hyphens.
    return ok({**listed(worker), "startup_time_ms": _STARTUP_MS, "deployment_id": version.replace("-", "")})


@route("PUT", SCRIPT + "/content", scope="workers:edit")
def replace_content(request: Request, store: Store) -> Answer:
    """Replace the code and leave the settings; headers or the metadata part name the main part."""
    with store.transaction():
        worker = worker_of(request, store)
        metadata, parts = received(request)
        _describe(store, request.args["account_id"], worker, metadata, parts)
        _release(store, request.args["account_id"], worker, parts)
    return ok(listed(worker))


@route("POST", SCRIPT + "/versions", scope="workers:edit")
def upload_version(request: Request, store: Store) -> Answer:
    """Add a version and leave the one that is deployed; a deployment puts it in force."""
    account = request.args["account_id"]
    with store.transaction():
        worker = worker_of(request, store)
        draft = deepcopy(worker)
        parts = _take(request, store, draft)
        version = add_version(worker, draft, store.stamp())
        save_modules(store, account, worker["id"], version["id"], parts)
        save(store, account, worker)
    return ok({**shown(version), "startup_time_ms": _STARTUP_MS})


def new_worker(name: str, tag: str, now: str) -> Json:
    """Return the document of a Worker that has no code yet."""
    return {
        "id": name,
        "tag": tag,
        "created_on": now,
        "has_assets": False,
        "settings": {"bindings": []},
        "schedules": [],
        "subdomain": {"enabled": False, "previews_enabled": False},
        "versions": [],
        "deployments": [],
        "last_deployed_from": "api",
    }


def _take(request: Request, store: Store, worker: Json) -> list[Module]:
    """Write the form's settings, bindings and code on *worker*; returns the code."""
    account, name = request.args["account_id"], worker["id"]
    metadata, parts = received(request)
    migrate(store, account, worker, metadata.get("migrations"))
    keep = tuple(metadata.get("keep_bindings") or ())
    strict = request.query.get("bindings_inherit") == "strict"
    before = worker["settings"]["bindings"]
    bindings = resolve(metadata.get("bindings", []), before, keep=keep, strict=strict)
    bindings = check_targets(store, account, name, bindings)
    worker["settings"] = {"bindings": bindings, **chosen(metadata, store)}
    _describe(store, account, worker, metadata, parts)
    agent = request.headers.get("User-Agent").lower()
    worker["last_deployed_from"] = "wrangler" if "wrangler" in agent else "api"
    return parts


def _describe(store: Store, account: str, worker: Json, metadata: Json, parts: list[Module]) -> None:
    main, is_modules = entry(metadata, parts)
    check_imports(parts)
    describe(worker, parts, main, is_modules)
    _check_classes(store, account, worker, parts)


def _release(store: Store, account: str, worker: Json, parts: list[Module]) -> str:
    """Make a version of the Worker as it is and deploy it; returns its id."""
    version = add_version(worker, worker, store.stamp())
    deploy(worker, store.stamp(), [{"version_id": version["id"], "percentage": 100}])
    save_modules(store, account, worker["id"], version["id"], parts)
    save(store, account, worker)
    return str(version["id"])


def _check_classes(store: Store, account: str, worker: Json, parts: list[Module]) -> None:
    """Each class with Durable Objects must still be exported by the new code."""
    code = "\n".join(part.data.decode("utf-8", "replace") for part in parts if part.content_type in MODULES)
    for one in namespaces(store, account, worker["id"]):
        if code and not re.search(rf"\b{re.escape(one['class'])}\b", code):
            said = "which is depended on by existing Durable Objects."
            raise Refusal(400, 10064, f"New version of script does not export class '{one['class']}' {said}")
