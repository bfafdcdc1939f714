"""A script: kept as one item, made of what the API sends, and written as the form of an upload.

The item holds what a deployment replaces, so that it can be compared, kept and restored. Beside `id` and what
the listing says of the upload (`etag`, `has_assets`), it holds the settings under the API's own names, the
bindings sorted by name. The code is in `entry_point`, `media_types` (by module) and a private field
`module NAME` of bytes for each module, so that a difference names the module.
"""

from __future__ import annotations

import json

from ops.items import Json
from ops.kinds.code import SERVICE_WORKER, Script

PYTHON = "text/x-python"
CODE = "module "
SECRETS = ("secret_text", "secret_key")
# The settings that an upload replaces as a whole: one that is left out is reset to its default.
SETTINGS = (
    "compatibility_date", "compatibility_flags", "placement", "tags", "tail_consumers", "logpush", "limits",
    "observability",
)  # fmt: skip
# The part of an upload that is not a module.
FORM_PART = "metadata"

Form = list[tuple[str, tuple[str | None, bytes, str]]]


def item_of(listed: Json, settings: Json, script: Script) -> Json:
    """Return the item of a script, made of its entry in the listing, its settings and its code."""
    kept = {name: listed[name] for name in ("id", "etag", "has_assets") if name in listed}
    return kept | settings | {"bindings": sorted_bindings(settings.get("bindings"))} | code_of(script)


def code_of(script: Script) -> Json:
    """Return the fields of an item that hold the code."""
    types = {module.name: module.media_type for module in script.modules}
    code = {f"{CODE}{module.name}": module.data for module in script.modules}
    return {"entry_point": script.entry_point, "media_types": types, **code}


def without_code(item: Json) -> Json:
    """Return *item* without the fields that hold its code."""
    return {
        name: value
        for name, value in item.items()
        if not name.startswith(CODE) and name not in ("entry_point", "media_types")
    }


def sorted_bindings(bindings: list[Json] | None) -> list[Json]:
    """Return bindings sorted by name: the API's own order changes with each upload."""
    return sorted(bindings or [], key=lambda binding: str(binding.get("name")))


def upload_form(item: Json, before: Json | None) -> Form:
    """Return the parts of an upload that turns the live item *before* (None if new) into *item*.

    Secrets, whose values nobody can read, and static assets, which are not in the form, are kept. A binding
    that does not change is inherited, so that nothing that the API hides is lost.
    """
    field, main = main_of(item)
    types: dict[str, str] = item["media_types"]
    live_bindings = (before or {}).get("bindings") or []
    metadata: Json = {
        field: main,
        **{name: item[name] for name in SETTINGS if item.get(name) not in (None, "", [], {})},
        "bindings": [
            {"type": "inherit", "name": one["name"]} if one in live_bindings else _without_namespace(one)
            for one in item["bindings"]
            if one["type"] not in SECRETS
        ],
    }
    if before is not None:
        metadata["keep_bindings"] = list(SECRETS)
        if before.get("has_assets"):
            metadata["keep_assets"] = True
    if "migrations" in item:
        metadata["migrations"] = item["migrations"]
    elif before is None:
        # A new script needs a migration for the Durable Object classes of its own that it binds to.
        bound = [one for one in item["bindings"] if one["type"] == "durable_object_namespace"]
        own = {one.get("class_name") for one in bound if one.get("script_name") in (None, "", item["id"])}
        if classes := sorted(own - {None}):
            tag = item.get("migration_tag") or "v1"
            metadata["migrations"] = {"new_tag": tag, "new_sqlite_classes": classes}
    parts = [(name, (name, item[f"{CODE}{name}"], media_type)) for name, media_type in types.items()]
    return [(FORM_PART, (None, json.dumps(metadata).encode(), "application/json")), *parts]


def main_of(item: Json) -> tuple[str, str]:
    """Return the field that names the main part in an upload, and its name.

    The field is `body_part` for a service worker, else `main_module`. A response may not name the main part.
    """
    types: dict[str, str] = item["media_types"]
    plain = (name for name, media_type in types.items() if media_type == SERVICE_WORKER)
    main = item["entry_point"] or next(plain, next(iter(types)))
    return ("body_part" if types[main] in (SERVICE_WORKER, "text/javascript") else "main_module"), main


def settings_form(changed: Json, before: Json) -> Form:
    """Return the parts of a change of settings alone; a binding sent as name and type is kept as it is."""
    if "bindings" in changed:
        live = before.get("bindings") or []
        bindings = [
            {"name": one["name"], "type": one["type"]}
            if one in live or one["type"] in SECRETS
            else _without_namespace(one)
            for one in changed["bindings"]
        ]
        changed = changed | {"bindings": bindings}
    return [("settings", (None, json.dumps(changed).encode(), "application/json"))]


def _without_namespace(binding: Json) -> Json:
    # A class of Durable Objects is named by its script; created again, its namespace has another id.
    return {
        name: value
        for name, value in binding.items()
        if name != "namespace_id" or "class_name" not in binding
    }
