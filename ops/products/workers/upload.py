"""The form of an upload: the metadata that keeps what shall be kept, and a part for each module."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.products.workers.item import SECRETS, main_of, script_of
from ops.products.workers.source import FORM_PART

if TYPE_CHECKING:
    from ops.kinds.resource import Json

# The settings that an upload replaces as a whole: one that is left out goes back to its default.
SETTINGS = (
    "compatibility_date", "compatibility_flags", "placement", "tags", "tail_consumers", "logpush", "limits",
    "observability",
)  # fmt: skip

Form = list[tuple[str, tuple[str | None, bytes, str]]]


def form(item: Json, before: Json | None) -> Form:
    """Give the parts of an upload that makes *item* of what stood *before*, None where there was nothing."""
    script = script_of(item)
    field, main = main_of(script)
    metadata = {field: main, **_settings(item), **_bindings(item["bindings"], before), **_kept(before)}
    if "migrations" in item:
        metadata["migrations"] = item["migrations"]
    elif before is None:
        metadata |= _classes(item)
    parts = [(module.name, (module.name, module.data, module.media_type)) for module in script.modules]
    return [(FORM_PART, (None, json.dumps(metadata).encode(), "application/json")), *parts]


def settings_form(changed: Json, before: Json) -> Form:
    """Give the parts of a change of settings alone; a binding of just name and type is kept as it is."""
    if "bindings" in changed:
        standing = before.get("bindings") or []
        changed = changed | {"bindings": [_named(one, standing) for one in changed["bindings"]]}
    return [("settings", (None, json.dumps(changed).encode(), "application/json"))]


def _settings(item: Json) -> Json:
    return {name: item[name] for name in SETTINGS if item.get(name) not in (None, "", [], {})}


def _bindings(wanted: list[Json], before: Json | None) -> Json:
    """Give the bindings to send: those that stay are inherited, so that nothing the API hides is lost."""
    standing = (before or {}).get("bindings") or []
    sent = [
        {"type": "inherit", "name": one["name"]} if one in standing else _addressed(one)
        for one in wanted
        if one["type"] not in SECRETS
    ]
    return {"bindings": sent}


def _kept(before: Json | None) -> Json:
    """Keep the secrets, whose values nobody can read, and the static assets, which are not in the form."""
    if before is None:
        return {}
    return {"keep_bindings": list(SECRETS), **({"keep_assets": True} if before.get("has_assets") else {})}


def _addressed(binding: Json) -> Json:
    # A class of Durable Objects is named by its script; made again, its namespace has another id.
    return {
        name: value
        for name, value in binding.items()
        if name != "namespace_id" or "class_name" not in binding
    }


def _classes(item: Json) -> Json:
    """Give the migration that a script made anew needs for the Durable Object classes that it binds to."""
    bound = [one for one in item["bindings"] if one["type"] == "durable_object_namespace"]
    own = {one["class_name"] for one in bound if one.get("script_name") in (None, "", item["id"])}
    if not own:
        return {}
    step: dict[str, Any] = {"new_tag": item.get("migration_tag") or "v1", "new_sqlite_classes": sorted(own)}
    return {"migrations": step}


def _named(binding: Json, standing: list[Json]) -> Json:
    if binding in standing or binding["type"] in SECRETS:
        return {"name": binding["name"], "type": binding["type"]}
    return _addressed(binding)
