"""Workers: upload a script, its code or its static assets, or a version without deploying it.

A session of static assets answers with the hashes that are missing and a JWT, with which they are uploaded;
the last upload answers with the JWT for the metadata. Form: docs:workers/static-assets/direct-upload.
"""

from __future__ import annotations

import base64
import json
import re
from copy import deepcopy
from typing import Any

from ops.sandbox.router import route
from ops.sandbox.routes import worker_code, worker_state
from ops.sandbox.routes.worker_code import MODULES, Module
from ops.sandbox.routes.worker_state import KIND, SCRIPT, migrate, namespaces
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, require

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_STARTUP_MS = 11
UPLOAD = "/accounts/{account_id}/workers/assets/upload"
_FILES_A_BUCKET = 50


@route("PUT", SCRIPT, scope="workers:edit")
def upload(request: Request, store: Store) -> Answer:
    """Create or replace a Worker: a new version, deployed at once, with the bindings of the form."""
    account, name = request.account, request.args["script_name"]
    if not _NAME.fullmatch(name):
        raise Refusal(400, 10016, "Invalid Worker name: use lowercase letters, digits, - and _.")
    worker = store.get_document(KIND, account, name) or new_worker(name, new_id(), store.stamp())
    parts, annotations = _take(request, store, worker)
    version = worker_state.release(store, account, worker, parts, **annotations)
    # Cloudflare's deployment tool reads the id of the new version here, without its hyphens.
    made = {"startup_time_ms": _STARTUP_MS, "deployment_id": version.replace("-", "")}
    return ok({**worker_state.listed(worker), **made})


@route("PUT", SCRIPT + "/content", scope="workers:edit")
def replace_content(request: Request, store: Store) -> Answer:
    """Replace the code and keep the settings; headers or the metadata part name the main part."""
    worker = worker_state.worker_of(request, store)
    metadata, parts = worker_code.received(request)
    _describe(store, request.account, worker, metadata, parts)
    worker_state.release(store, request.account, worker, parts)
    return ok(worker_state.listed(worker))


@route("POST", SCRIPT + "/versions", scope="workers:edit")
def upload_version(request: Request, store: Store) -> Answer:
    """Add a version and keep the deployed one; a deployment activates it."""
    worker = worker_state.worker_of(request, store)
    draft = deepcopy(worker)
    parts, annotations = _take(request, store, draft)
    version = worker_state.add_version(worker, draft, store.stamp(), **annotations)
    worker_state.save_modules(store, request.account, worker["id"], version["id"], parts)
    worker_state.save(store, request.account, worker)
    return ok({**worker_state.shown(version), "startup_time_ms": _STARTUP_MS})


def new_worker(name: str, tag: str, now: str) -> Json:
    """Return the document of a new Worker without code."""
    about = {"id": name, "tag": tag, "created_on": now, "has_assets": False, "last_deployed_from": "api"}
    subdomain = {"enabled": False, "previews_enabled": False}
    lists: Json = {"schedules": [], "versions": [], "deployments": []}
    return {**about, "settings": {"bindings": []}, "subdomain": subdomain, **lists}


def _take(request: Request, store: Store, worker: Json) -> tuple[list[Module], dict[str, str]]:
    """Store the form's settings, bindings and code on *worker*; return the code and the annotations."""
    account, name = request.account, worker["id"]
    metadata, parts = worker_code.received(request)
    migrate(store, account, worker, metadata.get("migrations"))
    keep = tuple(metadata.get("keep_bindings") or ())
    strict = request.query.get("bindings_inherit") == "strict"
    before = worker["settings"]["bindings"]
    bindings = worker_code.resolve(metadata.get("bindings", []), before, keep=keep, strict=strict)
    bindings = worker_code.check_targets(store, account, name, bindings)
    # Settings that an upload omits get their default.
    settings = {key: metadata.get(key, default) for key, default in worker_code.SETTINGS.items()}
    worker_code.check_date(settings["compatibility_date"], store)
    worker["settings"] = {"bindings": bindings, **settings}
    assets = metadata.get("assets")
    if assets:
        claims = _claims(assets.get("jwt") if isinstance(assets, dict) else None)
        session = store.document_text("assets", account, str(claims.get("session")))
        if session is None or not claims.get("complete"):
            raise worker_code.invalid("the upload of the assets is not complete")
    if assets or not metadata.get("keep_assets"):
        worker["has_assets"] = bool(assets)
    _describe(store, account, worker, metadata, parts)
    agent = request.headers.get("User-Agent").lower()
    worker["last_deployed_from"] = "wrangler" if "wrangler" in agent else "api"
    return parts, worker_state.annotations_of(metadata)


def _describe(store: Store, account: str, worker: Json, metadata: Json, parts: list[Module]) -> None:
    """Describe the code on *worker*; refuse code that no longer exports a class with Durable Objects."""
    main, body = metadata.get("main_module"), metadata.get("body_part")
    name = str(main if main is not None else body)
    if metadata.get("assets") and not parts:
        name, main = "", ""
    elif (main is None) == (body is None):
        raise worker_code.invalid("the metadata must name either a main_module or a body_part")
    elif name not in [part.name for part in parts]:
        raise worker_code.invalid(f'Uncaught Error: No such module "{name}".')
    worker_code.describe(worker, parts, name, main is not None)
    code = "\n".join(part.data.decode("utf-8", "replace") for part in parts if part.content_type in MODULES)
    for one in namespaces(store, account, worker["id"]):
        if code and not re.search(rf"\b{re.escape(one['class'])}\b", code):
            problem = f"New version of script does not export class '{one['class']}'"
            raise Refusal(400, 10064, f"{problem} which is depended on by existing Durable Objects.")


def _token(store: Store, session: str, *, complete: bool) -> str:
    """Return a JWT of a session and let it pass as a credential for uploads."""
    parts = ({"alg": "none", "typ": "JWT"}, {"session": session, "complete": complete}, {"sandbox": True})
    jwt = ".".join(base64.urlsafe_b64encode(dumps(part).encode()).decode().rstrip("=") for part in parts)
    store.add_token(jwt, scopes=("assets:edit",))
    return jwt


def _claims(jwt: Any) -> Json:
    try:
        claims = json.loads(base64.urlsafe_b64decode(str(jwt).split(".")[1] + "=="))
    except (ValueError, IndexError):
        claims = None
    if not isinstance(claims, dict):
        raise worker_code.invalid("the assets of the metadata need a valid JWT")
    return claims


@route("POST", SCRIPT + "/assets-upload-session", scope="workers:edit")
def start_session(request: Request, store: Store) -> Answer:
    manifest = request.object().get("manifest")
    require(isinstance(manifest, dict) and all(isinstance(one, dict) for one in manifest.values()))
    session, hashes = new_id(), dict.fromkeys(str(one.get("hash")) for one in manifest.values())
    missing = [one for one in hashes if store.document_text("asset", request.account, one) is None]
    store.put_document("assets", request.account, session, missing)
    jwt = _token(store, session, complete=not missing)
    buckets = [missing[at : at + _FILES_A_BUCKET] for at in range(0, len(missing), _FILES_A_BUCKET)]
    return ok({"jwt": jwt, "buckets": buckets})


@route("POST", UPLOAD, scope="assets:edit")
def upload_assets(request: Request, store: Store) -> Answer:
    """Accept files of a session, named by their hashes; the last ones complete it (201)."""
    session = _claims(request.headers.get("Authorization").rpartition(" ")[2])["session"]
    for part in request.form():
        store.put_document("asset", request.account, part.name, part.content_type)
    expected = store.get_document("assets", request.account, session) or []
    if any(store.document_text("asset", request.account, one) is None for one in expected):
        return ok({}, status=202)
    return ok({"jwt": _token(store, session, complete=True)}, status=201)
