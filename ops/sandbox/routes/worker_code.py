"""A Worker as it is uploaded: read the form, check code and bindings, describe the code.

Form: docs:workers/configuration/multipart-upload-metadata. Invalid code is refused with 10021, bindings with
10021, 10041, 10053, 10061, 10085 and 10143; bindings of unknown types are stored unchanged.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Part, Refusal, Request, invalid_body, require

SECRETS = ("secret_text", "secret_key")
_SECRET_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_HIDDEN = ("text", "key_base64", "key_jwk")
OLDEST_DATE = "2021-11-02"


@dataclass(frozen=True)
class Module:
    """One part of a Worker's code."""

    name: str
    content_type: str
    data: bytes


def resolve(sent: Any, before: list[Json], *, keep: tuple[str, ...] = (), strict: bool = False) -> list[Json]:
    """Return sent and inherited bindings, and those of a kept type; *strict*: refuse unknown inherited."""
    if not isinstance(sent, list):
        raise invalid("bindings must be a list")
    old = {binding["name"]: binding for binding in before}
    resolved: dict[str, Json] = {}
    for binding in sent:
        name = _name(binding, resolved)
        if binding["type"] == "inherit":
            found = old.get(str(binding.get("old_name") or name))
            if found is not None:
                resolved[name] = {**found, "name": name}
            elif strict:
                raise invalid(f"cannot inherit binding '{name}': the Worker has no such binding")
        elif binding["type"] in SECRETS and not any(key in binding for key in _HIDDEN):
            if name not in old or old[name]["type"] != binding["type"]:
                raise invalid(f"secret '{name}' has no value")
            resolved[name] = old[name]
        else:
            resolved[name] = public(binding)
    for binding in before:
        if binding["type"] in keep:
            resolved.setdefault(binding["name"], binding)
    return list(resolved.values())


def _name(binding: Any, taken: Container[str]) -> str:
    if not isinstance(binding, dict) or not isinstance(binding.get("type"), str):
        raise invalid("each binding needs a type")
    name = binding.get("name")
    if not isinstance(name, str) or not name:
        raise invalid(f"a binding of type {binding['type']} needs a name")
    if name in taken:
        raise name_taken(name)
    return name


def invalid(message: str) -> Refusal:
    """Return the refusal of a Worker that does not pass validation."""
    return Refusal(400, 10021, message)


def name_taken(name: str) -> Refusal:
    message = f"Binding name '{name}' already in use. Please use a different name and try again."
    return Refusal(400, 10053, message)


def public(binding: Json) -> Json:
    """Return a binding as the API shows it, a secret without its value."""
    hidden = _HIDDEN if binding["type"] in SECRETS else ()
    return {key: value for key, value in binding.items() if key not in hidden}


def changed_secrets(before: list[Json], secrets: dict[str, Any]) -> list[Json]:
    """Return the bindings with *secrets* set, or deleted where they are None."""
    bindings = {one["name"]: one for one in before}
    for name, secret in secrets.items():
        old = bindings.pop(name, None)
        if old is not None and old["type"] not in SECRETS:
            raise name_taken(name)
        if secret is None:
            continue
        require(isinstance(secret, dict) and _SECRET_NAME.fullmatch(name))
        kind = secret.get("type", "secret_text")
        if kind not in SECRETS or (kind == "secret_text" and not isinstance(secret.get("text"), str)):
            raise invalid_body()
        bindings[name] = public({**secret, "name": name, "type": kind})
    return list(bindings.values())


def check_targets(store: Store, account: str, script: str, bindings: list[Json]) -> list[Json]:
    """Refuse bindings to targets that do not exist; fill in the namespace of a Durable Object's class."""
    for binding in bindings:
        type = binding["type"]
        if type == "kv_namespace":
            id = str(binding.get("namespace_id", ""))
            store.required(
                "kv.namespace", account, id, Refusal(400, 10041, f"KV namespace '{id}' not found.")
            )
        elif type == "r2_bucket":
            id = str(binding.get("bucket_name", ""))
            message = f"R2 bucket '{id}' not found. Please use a different name and try again."
            store.required("r2.bucket", account, id, Refusal(400, 10085, message))
        elif type == "d1":
            id = str(binding.get("database_id") or binding.get("id"))
            problem = f"binding {binding['name']} of type d1 must have a database that already exists."
            store.required("d1.database", account, id, invalid(problem))
            binding |= {"id": id, "database_id": id}
        elif type == "service":
            target, problem = str(binding.get("service", "")), "Could not resolve service binding"
            if target != script and store.document_text("worker", account, target) is None:
                message = f"{problem} '{binding['name']}'. Target script '{target}' not found."
                raise Refusal(400, 10143, message)
        elif type == "durable_object_namespace":
            owner, name = binding.get("script_name") or script, binding.get("class_name")
            for one in store.list_documents("do.namespace", account):
                if one["script"] == owner and one["class"] == name:
                    binding["namespace_id"] = str(one["id"])
                    break
            else:
                problem = "because it is not currently configured to implement Durable Objects."
                raise Refusal(400, 10061, f"Cannot create binding for class '{name}' {problem}")
    return bindings


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
    headers = {name: request.headers.get(header) for header, name in _ENTRY_HEADERS.items()}
    metadata |= {name: value for name, value in headers.items() if value}
    # A module has its file name; the metadata may use the part's name for the main one.
    entries = (metadata.get("main_module"), metadata.get("body_part"))
    modules = []
    for part in (part for part in parts if part is not found):
        name = part.name if part.name in entries else part.filename or part.name
        modules.append(Module(name, part.content_type or "text/plain", part.data))
    return metadata, modules


def read_json(part: Part) -> Json:
    try:
        value = json.loads(part.data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid(f"the part {part.name} is not a JSON object")
    return value


def describe(worker: Json, parts: list[Module], main: str, is_modules: bool) -> None:
    """Store main part, handlers, classes and the etag of the code on the Worker.

    Refuse a module that imports a module that was not uploaded; `node:` and `cloudflare:` modules belong to
    the runtime, and so do bare names.
    """
    names = {part.name for part in parts}
    for part in (part for part in parts if part.content_type in MODULES):
        for target in _IMPORT.findall(part.data.decode("utf-8", "replace")):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(part.name), target))
            if not (":" in target or re.fullmatch(r"[\w@/-]+", target) or path in names):
                problem = f'Uncaught Error: No such module "{target}".'
                raise invalid(f'{problem}\n  imported from "{part.name}"')
    code = next((part.data for part in parts if part.name == main), b"").decode("utf-8", "replace")
    pattern = _HANDLER if is_modules else _LISTENER
    worker["main"], worker["has_modules"] = main, is_modules
    worker["handlers"] = sorted(set(pattern.findall(code)))
    worker["named_handlers"] = [{"name": name, "handlers": ["class"]} for name in _CLASS.findall(code)]
    digest = hashlib.sha256()
    for part in sorted(parts, key=lambda part: part.name):
        digest.update(f"{part.name}\0{part.content_type}\0{len(part.data)}\0".encode() + part.data)
    worker["etag"] = digest.hexdigest()


def check_date(value: Any, store: Store) -> None:
    """Refuse a compatibility date that is malformed or in the future."""
    try:
        chosen = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(f'Invalid compatibility date: "{value}". Use the form YYYY-MM-DD.') from None
    if chosen > datetime.fromtimestamp(store.now(), UTC).date():
        raise invalid(f'Can\'t set compatibility date in the future: "{value}". Any older value is allowed.')
