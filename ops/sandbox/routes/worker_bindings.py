"""The bindings of an upload: checked, inherited, and kept.

Codes and messages are those that Cloudflare's uploads are known to answer: 10021, 10041, 10053, 10061,
10085, 10143. Types the sandbox does not know are kept as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ops.sandbox.routes.worker_state import find
from ops.sandbox.store import Store
from ops.sandbox.wire import Refusal

Json = dict[str, Any]
SECRETS = ("secret_text", "secret_key")
_HIDDEN = ("text", "key_base64", "key_jwk")


def resolve(sent: Any, before: list[Json], *, keep: tuple[str, ...] = (), strict: bool = False) -> list[Json]:
    """Return the bindings an upload leaves behind: those sent, those inherited, those of a kept type.

    *strict*: an `inherit` that names nothing is refused instead of dropped.
    """
    old = {binding["name"]: binding for binding in before}
    resolved: dict[str, Json] = {}
    for binding in _checked(sent):
        if binding["name"] in resolved:
            said = "already in use. Please use a different name and try again."
            raise Refusal(400, 10053, f"Binding name '{binding['name']}' {said}")
        found = _inherited(binding, old)
        if found is not None:
            resolved[binding["name"]] = found
        elif strict:
            raise invalid(f"cannot inherit binding '{binding['name']}': the Worker has none of that name")
    for binding in before:
        if binding["type"] in keep:
            resolved.setdefault(binding["name"], binding)
    return list(resolved.values())


def invalid(message: str) -> Refusal:
    """A Worker that does not pass validation."""
    return Refusal(400, 10021, message)


def public(binding: Json) -> Json:
    """Return a binding as the API shows it: a secret by its name and type."""
    return {key: value for key, value in binding.items() if not _secret(binding, key)}


def _secret(binding: Json, key: str) -> bool:
    return binding["type"] in SECRETS and key in _HIDDEN


def _checked(sent: Any) -> list[Json]:
    if not isinstance(sent, list):
        raise invalid("bindings must be a list")
    for binding in sent:
        if not isinstance(binding, dict) or not isinstance(binding.get("type"), str):
            raise invalid("each binding needs a type")
        if not isinstance(binding.get("name"), str) or not binding["name"]:
            raise invalid(f"a binding of type {binding['type']} needs a name")
    return sent


def _inherited(binding: Json, old: dict[str, Json]) -> Json | None:
    """Return what *binding* means: itself, what it inherits, or None when there is nothing to inherit."""
    if binding["type"] == "inherit":
        found = old.get(str(binding.get("old_name") or binding["name"]))
        return None if found is None else {**found, "name": binding["name"]}
    if binding["type"] in SECRETS and not any(key in binding for key in _HIDDEN):
        found = old.get(binding["name"])
        if found is None or found["type"] != binding["type"]:
            raise invalid(f"secret '{binding['name']}' has no value")
        return found
    return public(binding)


def check_targets(store: Store, account: str, script: str, bindings: list[Json]) -> list[Json]:
    """Refuse bindings to what does not exist; fill in the namespace of a Durable Object's class."""
    for binding in bindings:
        check = _TARGETS.get(binding["type"])
        if check is not None:
            check(store, account, script, binding)
    return bindings


def _kv(store: Store, account: str, _script: str, binding: Json) -> None:
    id = str(binding.get("namespace_id", ""))
    if store.document_text("kv.namespace", account, id) is None:
        raise Refusal(400, 10041, f"KV namespace '{id}' not found.")


def _r2(store: Store, account: str, _script: str, binding: Json) -> None:
    name = str(binding.get("bucket_name", ""))
    if store.document_text("r2.bucket", account, name) is None:
        said = "not found. Please use a different name and try again."
        raise Refusal(400, 10085, f"R2 bucket '{name}' {said}")


def _service(store: Store, account: str, script: str, binding: Json) -> None:
    target = str(binding.get("service", ""))
    if target != script and find(store, account, target) is None:
        named = f"Could not resolve service binding '{binding['name']}'."
        raise Refusal(400, 10143, f"{named} Target script '{target}' not found.")


def _durable_object(store: Store, account: str, script: str, binding: Json) -> None:
    owner, class_name = binding.get("script_name") or script, binding.get("class_name")
    for one in store.list_documents("do.namespace", account):
        if one["script"] == owner and one["class"] == class_name:
            binding["namespace_id"] = one["id"]
            return
    said = "because it is not currently configured to implement Durable Objects."
    raise Refusal(400, 10061, f"Cannot create binding for class '{class_name}' {said}")


_TARGETS: dict[str, Callable[[Store, str, str, Json], None]] = {
    "kv_namespace": _kv,
    "r2_bucket": _r2,
    "service": _service,
    "durable_object_namespace": _durable_object,
}
