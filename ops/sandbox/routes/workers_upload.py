"""Workers: uploading a script, and replacing its code only.

Form: docs:workers/configuration/multipart-upload-metadata. What does not pass is refused with 10021.
"""

from __future__ import annotations

import json
import posixpath
import re
import uuid
from datetime import UTC, date, datetime
from typing import Any

from ops.sandbox.identity import EMAIL, USER_ID
from ops.sandbox.multipart import Part
from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import check_targets, invalid, resolve
from ops.sandbox.routes.worker_migrations import migrate, namespaces
from ops.sandbox.routes.worker_state import (
    OLDEST_DATE,
    SCRIPT,
    Json,
    Module,
    etag,
    find,
    listed,
    save,
    save_modules,
    worker_of,
)
from ops.sandbox.store import Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok

_ENTRY_HEADERS = {"CF-WORKER-MAIN-MODULE-PART": "main_module", "CF-WORKER-BODY-PART": "body_part"}
_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_JAVASCRIPT = ("application/javascript", "text/javascript")
_MODULES = tuple(f"{kind}+module" for kind in _JAVASCRIPT)
_IMPORT = re.compile(r"""^\s*(?:import|export)\b(?:[^'";]*\bfrom)?\s*["']([^"']+)["']""", re.MULTILINE)
_LISTENER = re.compile(r"""addEventListener\(\s*["'](\w+)["']""")
_HANDLER = re.compile(r"\b(fetch|scheduled|queue|tail|email|trace)\s*\(")
_CLASS = re.compile(r"\bexport\s+class\s+(\w+)")
# What an upload may set; everything else in the metadata speaks of the upload itself.
SETTINGS: Json = {
    "compatibility_date": OLDEST_DATE,
    "compatibility_flags": [],
    "usage_model": "standard",
    "placement": {},
    "tags": [],
    "tail_consumers": [],
    "logpush": False,
    "limits": {},
    "observability": {"enabled": False},
}


@route("PUT", SCRIPT, scope="workers:edit")
def upload(request: Request, store: Store) -> Answer:
    """Make a Worker of the form: a new version of it, deployed at once, with the bindings of the form."""
    account, name = request.args["account_id"], request.args["script_name"]
    if not _NAME.fullmatch(name):
        raise Refusal(400, 10016, "Invalid Worker name: use lowercase letters, digits, - and _.")
    metadata, parts = _received(request)
    main, is_modules = _entry(metadata, parts)
    strict = request.query.get("bindings_inherit") == "strict"
    with store.transaction():
        worker = find(store, account, name) or new_worker(name, new_id(), store.stamp())
        migrate(store, account, worker, metadata.get("migrations"))
        keep = tuple(metadata.get("keep_bindings") or ())
        bindings = resolve(metadata.get("bindings", []), _bindings(worker), keep=keep, strict=strict)
        worker["settings"] = {
            "bindings": check_targets(store, account, name, bindings),
            **_chosen(metadata, store),
        }
        _put_code(store, account, worker, parts, main, is_modules)
    # Cloudflare's deployment tool reads the new version's id here, without its hyphens.
    version = worker["versions"][0]["id"].replace("-", "")
    return ok({**listed(worker), "startup_time_ms": 11, "deployment_id": version})


@route("PUT", SCRIPT + "/content", scope="workers:edit")
def replace_content(request: Request, store: Store) -> Answer:
    """Replace the code and leave the settings; headers or the metadata part name the main part."""
    with store.transaction():
        worker = worker_of(request, store)
        metadata, parts = _received(request)
        main, is_modules = _entry(metadata, parts)
        _put_code(store, request.args["account_id"], worker, parts, main, is_modules)
    return ok(listed(worker))


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


def deploy(worker: Json, now: str, *, version: str, deployment: str) -> None:
    """Add a version of the Worker as it is, and a deployment that sends all traffic to it."""
    author = {"author_email": EMAIL, "author_id": USER_ID}
    stamps = {"created_on": now, "modified_on": now, "source": "api", "hasPreview": False}
    resources = {"etag": worker["etag"], "settings": worker["settings"], "handlers": worker["handlers"]}
    number = len(worker["versions"]) + 1
    about = {"id": version, "number": number, "metadata": {**author, **stamps}}
    worker["versions"].insert(0, {**about, "resources": resources})
    traffic = {"strategy": "percentage", "versions": [{"version_id": version, "percentage": 100}]}
    about = {"id": deployment, "source": "api", "author_email": EMAIL, "created_on": now}
    worker["deployments"].insert(0, {**about, **traffic, "annotations": {"workers/triggered_by": "upload"}})
    worker["modified_on"] = now


def describe(worker: Json, parts: list[Module], main: str, is_modules: bool) -> None:
    """Write on the Worker what its code tells: the main part, handlers, classes, etag."""
    code = next(part.data for part in parts if part.name == main).decode("utf-8", "replace")
    pattern = _HANDLER if is_modules else _LISTENER
    worker["main"], worker["has_modules"] = main, is_modules
    worker["handlers"] = sorted(set(pattern.findall(code)))
    worker["named_handlers"] = [{"name": name, "handlers": ["class"]} for name in _CLASS.findall(code)]
    worker["etag"] = etag(parts)


def _put_code(
    store: Store, account: str, worker: Json, parts: list[Module], main: str, is_modules: bool
) -> None:
    _check_imports(parts)
    describe(worker, parts, main, is_modules)
    _check_classes(store, account, worker, parts)
    deploy(worker, store.stamp(), version=str(uuid.uuid4()), deployment=str(uuid.uuid4()))
    save_modules(store, account, worker["id"], parts)
    save(store, account, worker)


def _received(request: Request) -> tuple[Json, list[Module]]:
    """Return the metadata and the code of a request, whichever of the three forms it has."""
    content_type = request.headers.get("content-type").partition(";")[0].strip().lower()
    if content_type in _JAVASCRIPT:
        return {"body_part": "script"}, [Module("script", content_type, request.body)]
    parts = request.form()
    found = next((part for part in parts if part.name == "metadata"), None)
    metadata = {} if found is None else read_json(found)
    for header, name in _ENTRY_HEADERS.items():
        if request.headers.get(header):
            metadata[name] = request.headers.get(header)
    entries = (metadata.get("main_module"), metadata.get("body_part"))
    return metadata, [_module(part, entries) for part in parts if part is not found]


def read_json(part: Part) -> Json:
    """Return a part that must be a JSON object, or refuse the request."""
    try:
        value = json.loads(part.data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid(f"the part {part.name} is not a JSON object")
    return value


def _module(part: Part, entries: tuple[Any, Any]) -> Module:
    """A module goes by its file name; the metadata may call the main one by the name of its part."""
    name = part.name if part.name in entries else part.filename or part.name
    return Module(name, part.content_type or "text/plain", part.data)


def _entry(metadata: Json, parts: list[Module]) -> tuple[str, bool]:
    main, body = metadata.get("main_module"), metadata.get("body_part")
    if (main is None) == (body is None):
        raise invalid("the metadata must name either a main_module or a body_part")
    entry = str(main if main is not None else body)
    if entry not in [part.name for part in parts]:
        raise invalid(f'Uncaught Error: No such module "{entry}".')
    return entry, main is not None


def _check_imports(parts: list[Module]) -> None:
    names = {part.name for part in parts}
    for part in parts:
        if part.content_type in _MODULES:
            for target in _IMPORT.findall(part.data.decode("utf-8", "replace")):
                if not _known(target, part.name, names):
                    said = f'Uncaught Error: No such module "{target}".'
                    raise invalid(f'{said}\n  imported from "{part.name}"')


def _known(target: str, importer: str, names: set[str]) -> bool:
    """Tell whether an import can be resolved; `node:` and `cloudflare:` modules belong to the runtime."""
    if ":" in target or re.fullmatch(r"[\w@/-]+", target):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), target)) in names


def _check_classes(store: Store, account: str, worker: Json, parts: list[Module]) -> None:
    """Each class with Durable Objects must still be exported by the new code."""
    code = "\n".join(part.data.decode("utf-8", "replace") for part in parts if part.content_type in _MODULES)
    for one in namespaces(store, account, worker["id"]):
        if code and not re.search(rf"\b{re.escape(one['class'])}\b", code):
            said = "which is depended on by existing Durable Objects."
            raise Refusal(400, 10064, f"New version of script does not export class '{one['class']}' {said}")


def _bindings(worker: Json) -> list[Json]:
    found: list[Json] = worker["settings"]["bindings"]
    return found


def _chosen(metadata: Json, store: Store) -> Json:
    """Return the settings of an upload; what it does not name gets its default, as an upload replaces all."""
    chosen = {name: metadata.get(name, default) for name, default in SETTINGS.items()}
    check_date(chosen["compatibility_date"], store)
    return chosen


def check_date(value: Any, store: Store) -> None:
    """Refuse a compatibility date that is no date, or in the future."""
    try:
        chosen = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(f'Invalid compatibility date: "{value}". Use the form YYYY-MM-DD.') from None
    if chosen > datetime.fromtimestamp(store.now(), UTC).date():
        raise invalid(f'Can\'t set compatibility date in the future: "{value}". Any older value is allowed.')
