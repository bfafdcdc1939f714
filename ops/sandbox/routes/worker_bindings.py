"""The bindings of an upload: check, inherit and keep them.

Codes and messages are those of Cloudflare's uploads: 10021, 10041, 10053, 10061, 10085, 10143. Bindings
of unknown types are stored unchanged.
"""

from __future__ import annotations

import re
from typing import Any

from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Refusal, invalid_body

SECRETS = ("secret_text", "secret_key")
_SECRET_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_HIDDEN = ("text", "key_base64", "key_jwk")


def resolve(sent: Any, before: list[Json], *, keep: tuple[str, ...] = (), strict: bool = False) -> list[Json]:
    """Return the bindings after an upload: sent ones, inherited ones, and those of a kept type.

    *strict*: refuse an `inherit` of an unknown name instead of dropping it.
    """
    if not isinstance(sent, list):
        raise invalid("bindings must be a list")
    old = {binding["name"]: binding for binding in before}
    resolved: dict[str, Json] = {}
    for binding in sent:
        if not isinstance(binding, dict) or not isinstance(binding.get("type"), str):
            raise invalid("each binding needs a type")
        name = binding.get("name")
        if not isinstance(name, str) or not name:
            raise invalid(f"a binding of type {binding['type']} needs a name")
        if name in resolved:
            raise name_taken(name)
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


def invalid(message: str) -> Refusal:
    """Return the refusal of a Worker that does not pass validation."""
    return Refusal(400, 10021, message)


def name_taken(name: str) -> Refusal:
    """Return the refusal of a second binding with the same name."""
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
        if not isinstance(secret, dict) or not _SECRET_NAME.fullmatch(name):
            raise invalid_body()
        kind = secret.get("type", "secret_text")
        if kind not in SECRETS or (kind == "secret_text" and not isinstance(secret.get("text"), str)):
            raise invalid_body()
        bindings[name] = public({**secret, "name": name, "type": kind})
    return list(bindings.values())


def check_targets(store: Store, account: str, script: str, bindings: list[Json]) -> list[Json]:
    """Refuse bindings to targets that do not exist; fill in the namespace of a Durable Object's class."""
    for binding in bindings:
        type = binding["type"]
        if type in _DOCUMENTS:
            kind, field, code, message = _DOCUMENTS[type]
            id = str(binding.get(field, ""))
            store.required(kind, account, id, Refusal(400, code, message.format(id)))
        elif type == "d1":
            id = str(binding.get("database_id") or binding.get("id"))
            missing = f"binding {binding['name']} of type d1 must have a database that already exists."
            store.required("d1.database", account, id, invalid(missing))
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


# Binding type: kind of the target, field that names it, code and message when it does not exist.
_DOCUMENTS = {
    "kv_namespace": ("kv.namespace", "namespace_id", 10041, "KV namespace '{}' not found."),
    "r2_bucket": (
        "r2.bucket",
        "bucket_name",
        10085,
        "R2 bucket '{}' not found. Please use a different name and try again.",
    ),
}
