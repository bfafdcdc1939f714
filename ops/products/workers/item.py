"""A script as one item: what a deployment replaces, so that it can be compared, kept and put back.

Beside `id` and what Cloudflare tells of the upload (`etag`, `has_assets`), the item holds the settings under
the API's own names, bindings in the order of their names. The code lies under `entry_point`, `media_types`
(by module) and a private field `module NAME` of bytes for each module, so that a difference names the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import Content
from ops.products.workers.modules import SERVICE_WORKER, Script

if TYPE_CHECKING:
    from ops.kinds.resource import Json

CODE = "module "
SECRETS = ("secret_text", "secret_key")
_TOLD = ("id", "etag", "has_assets")


def item_of(listed: Json, settings: Json, script: Script) -> Json:
    """Give the item of a script from its entry in the listing, its settings and its code."""
    told = {name: listed[name] for name in _TOLD if name in listed}
    return told | settings | {"bindings": ordered(settings.get("bindings"))} | code_of(script)


def code_of(script: Script) -> Json:
    """Give the fields of an item that hold the code."""
    types = {module.name: module.media_type for module in script.modules}
    code = {f"{CODE}{module.name}": module.data for module in script.modules}
    return {"entry_point": script.entry_point, "media_types": types, **code}


def without_code(item: Json) -> Json:
    """Give *item* without the fields that hold its code."""
    return {
        name: value
        for name, value in item.items()
        if not name.startswith(CODE) and name not in ("entry_point", "media_types")
    }


def script_of(item: Json) -> Script:
    """Give the code that an item holds."""
    types = item["media_types"]
    return Script(
        item["entry_point"], tuple(Content(name, types[name], item[f"{CODE}{name}"]) for name in types)
    )


def main_of(script: Script) -> tuple[str, str]:
    """Give how an upload names the main part (`main_module` or `body_part`), and its name.

    What is neither a module nor Python is in service-worker syntax, and an answer may not name its main part.
    """
    types = {module.name: module.media_type for module in script.modules}
    plain = (name for name, media_type in types.items() if media_type == SERVICE_WORKER)
    main = script.entry_point or next(plain, next(iter(types)))
    return ("body_part" if types[main] in (SERVICE_WORKER, "text/javascript") else "main_module"), main


def ordered(bindings: list[Json] | None) -> list[Json]:
    """Give bindings in the order of their names: the API's own order changes with each upload."""
    return sorted(bindings or [], key=lambda binding: str(binding.get("name")))
