"""A Worker's code as it is uploaded: read the form, check it, describe the code.

Form: docs:workers/configuration/multipart-upload-metadata. Invalid code is refused with 10021.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from datetime import UTC, date, datetime
from typing import Any

from ops.sandbox.routes.worker_bindings import invalid
from ops.sandbox.routes.worker_state import OLDEST_DATE, Module
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Part, Request

_ENTRY_HEADERS = {"CF-WORKER-MAIN-MODULE-PART": "main_module", "CF-WORKER-BODY-PART": "body_part"}
_JAVASCRIPT = ("application/javascript", "text/javascript")
MODULES = tuple(f"{kind}+module" for kind in _JAVASCRIPT)
_IMPORT = re.compile(r"""^\s*(?:import|export)\b(?:[^'";]*\bfrom)?\s*["']([^"']+)["']""", re.MULTILINE)
_LISTENER = re.compile(r"""addEventListener\(\s*["'](\w+)["']""")
_HANDLER = re.compile(r"\b(fetch|scheduled|queue|tail|email|trace)\s*\(")
_CLASS = re.compile(r"\bexport\s+class\s+(\w+)")
# The settings of an upload; all other metadata is about the upload itself.
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


def received(request: Request) -> tuple[Json, list[Module]]:
    """Return the metadata and the code of a request in any of its three forms."""
    content_type = request.headers.get("content-type").partition(";")[0].strip().lower()
    if content_type in _JAVASCRIPT:
        return {"body_part": "script"}, [Module("script", content_type, request.body)]
    parts = request.form()
    found = next((part for part in parts if part.name == "metadata"), None)
    metadata = {} if found is None else read_json(found)
    for header, name in _ENTRY_HEADERS.items():
        if request.headers.get(header):
            metadata[name] = request.headers.get(header)
    # A module has its file name; the metadata may use the part's name for the main one.
    entries = (metadata.get("main_module"), metadata.get("body_part"))
    modules = []
    for part in (part for part in parts if part is not found):
        name = part.name if part.name in entries else part.filename or part.name
        modules.append(Module(name, part.content_type or "text/plain", part.data))
    return metadata, modules


def read_json(part: Part) -> Json:
    """Return a part that must be a JSON object, or refuse the request."""
    try:
        value = json.loads(part.data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid(f"the part {part.name} is not a JSON object")
    return value


def entry(metadata: Json, parts: list[Module]) -> tuple[str, bool]:
    """Return the name of the main part ("" if there are only assets), and True if it is a module."""
    main, body = metadata.get("main_module"), metadata.get("body_part")
    if metadata.get("assets") and not parts:
        return "", True
    if (main is None) == (body is None):
        raise invalid("the metadata must name either a main_module or a body_part")
    name = str(main if main is not None else body)
    if name not in [part.name for part in parts]:
        raise invalid(f'Uncaught Error: No such module "{name}".')
    return name, main is not None


def check_imports(parts: list[Module]) -> None:
    """Refuse a module that imports a module that was not uploaded.

    `node:` and `cloudflare:` modules belong to the runtime, and so do bare names.
    """
    names = {part.name for part in parts}
    for part in (part for part in parts if part.content_type in MODULES):
        for target in _IMPORT.findall(part.data.decode("utf-8", "replace")):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(part.name), target))
            if not (":" in target or re.fullmatch(r"[\w@/-]+", target) or path in names):
                problem = f'Uncaught Error: No such module "{target}".'
                raise invalid(f'{problem}\n  imported from "{part.name}"')


def describe(worker: Json, parts: list[Module], main: str, is_modules: bool) -> None:
    """Store main part, handlers, classes and the etag of the code on the Worker."""
    code = next((part.data for part in parts if part.name == main), b"").decode("utf-8", "replace")
    pattern = _HANDLER if is_modules else _LISTENER
    worker["main"], worker["has_modules"] = main, is_modules
    worker["handlers"] = sorted(set(pattern.findall(code)))
    worker["named_handlers"] = [{"name": name, "handlers": ["class"]} for name in _CLASS.findall(code)]
    digest = hashlib.sha256()
    for part in sorted(parts, key=lambda part: part.name):
        digest.update(f"{part.name}\0{part.content_type}\0{len(part.data)}\0".encode() + part.data)
    worker["etag"] = digest.hexdigest()


def chosen(metadata: Json, store: Store) -> Json:
    """Return the settings of an upload; settings that it omits get their default."""
    settings = {name: metadata.get(name, default) for name, default in SETTINGS.items()}
    check_date(settings["compatibility_date"], store)
    return settings


def check_date(value: Any, store: Store) -> None:
    """Refuse a compatibility date that is malformed or in the future."""
    try:
        chosen = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(f'Invalid compatibility date: "{value}". Use the form YYYY-MM-DD.') from None
    if chosen > datetime.fromtimestamp(store.now(), UTC).date():
        raise invalid(f'Can\'t set compatibility date in the future: "{value}". Any older value is allowed.')
