"""workers.deploy: the item that an upload becomes, from code, metadata and the live script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import ValidationError
from ops.http.answers import parse
from ops.kinds.resource import Content
from ops.products.workers import valid
from ops.products.workers.javascript import is_module
from ops.products.workers.script import (
    MODULE,
    SECRETS,
    SERVICE_WORKER,
    SETTINGS,
    Script,
    code_of,
    main_of,
    sorted_bindings,
    without_code,
)
from ops.products.workers.source import FORMATS, MEDIA_TYPES, Source, read_bytes

if TYPE_CHECKING:
    from ops.items import Json

# What a file of metadata may hold, under the API's own names; the main module is known from the code.
METADATA = {
    "bindings": list, "migrations": dict, "compatibility_date": str, "compatibility_flags": list,
    "placement": dict, "tags": list, "tail_consumers": list, "logpush": bool, "limits": dict,
    "observability": dict,
}  # fmt: skip
_TYPES = {list: "a list", dict: "an object", str: "text", bool: "true or false"}
_VALUES = ("text", "key_base64", "key_jwk")


def with_format(source: Source, name: str, *, format: str = "", live: Json | None = None) -> Script:
    """Return the code of *source* as the script *name*, its main module a module or a service worker.

    The format is *format*, else what the source is known to be, else detected: code that imports or exports
    is a module. Other code has the format of the *live* script; without one it is a service worker.
    """
    entry, modules = source.script
    main = next(module for module in modules if module.name == entry)
    if main.media_type not in (MODULE, SERVICE_WORKER):
        if format or main.media_type in (MEDIA_TYPES[".txt"], MEDIA_TYPES[".bin"]):
            raise ValidationError(f"{entry} is not JavaScript", hint="leave out --format, or change --main")
        return source.script
    if format:
        media_type = FORMATS[format]
    else:
        media_type = main.media_type if source.known else _detected(source.script, main, live)
    code = [module for module in modules if module.media_type != MEDIA_TYPES[".map"]]
    # The API returns a service worker without the name of its file.
    renamed = f"{name}.js" if media_type == SERVICE_WORKER and len(code) == 1 else entry
    names = {entry: renamed, f"{entry}.map": f"{renamed}.map"}
    changed: list[Content] = []
    for module in modules:
        type = media_type if module.name == entry else module.media_type
        is_plain = type == SERVICE_WORKER and module.name.lower().endswith(".cjs")
        if is_plain and not (format and module.name == entry) and is_module(module.data):
            raise ValidationError(
                f"{module.name} imports or exports, which only an ES module can",
                hint="rename it to .mjs; for the module that runs first, add --format modules",
            )
        changed.append(module._replace(name=names.get(module.name, module.name), media_type=type))
    return Script(renamed, tuple(changed))


def _detected(script: Script, main: Content, live: Json | None) -> str:
    imports = is_module(main.data)
    if imports or any(one.media_type in (MODULE, SERVICE_WORKER) for one in script.modules if one != main):
        return MODULE
    if live and live["media_types"].get(main_of(live)[1]) in (MODULE, SERVICE_WORKER):
        return MODULE if main_of(live)[0] == "main_module" else SERVICE_WORKER
    if imports is None:
        raise ValidationError(
            f"{main.name} cannot be read as JavaScript: a bracket, string, comment or template is not closed",
            hint=f"fix it, or add --format {' or --format '.join(FORMATS)}",
        )
    return SERVICE_WORKER


def wanted(name: str, script: Script, metadata: Json, live: Json | None, *, today: str) -> Json:
    """Return the item that the script *name* becomes; *live* is the current one, None if there is none.

    What *metadata* does not name stays, and secrets always stay. A new script without a compatibility date
    gets *today*, because the API would set the oldest.
    """
    kept: Json = without_code(live) if live else {"id": name, "compatibility_date": today}
    current: list[Json] = kept.get("bindings") or []
    bindings = _bindings(metadata["bindings"], current) if "bindings" in metadata else current
    item = {**kept, **metadata, "bindings": bindings, **code_of(script)}
    if "migrations" not in item:
        return item
    tag = item["migrations"]["new_tag"]
    if live and live.get("migration_tag") == tag:
        # An earlier deployment ran them.
        return {name: value for name, value in item.items() if name != "migrations"}
    return item | {"migration_tag": tag}


def _bindings(named: list[Json], current: list[Json]) -> list[Json]:
    """Return the bindings of a file, completed from the live ones, and the live secrets."""
    live = {binding["name"]: binding for binding in current}
    secrets = {name: binding for name, binding in live.items() if binding["type"] in SECRETS}
    chosen = dict(secrets)
    for binding in named:
        name, secret = binding["name"], binding["type"] in SECRETS
        if secret and name not in secrets:
            hint = "deploy without it, then set it in Cloudflare's dashboard"
            raise ValidationError(f"the script has no secret {name!r} to keep", hint=hint)
        if name in secrets and not secret:
            hint = "give the binding another name, or delete the secret in Cloudflare's dashboard"
            raise ValidationError(f"{name!r} is a secret of the script, whose value would be lost", hint=hint)
        known = live.get(name, {})
        same = all(field in known and known[field] == value for field, value in binding.items())
        chosen[name] = known if same else binding
    return sorted_bindings(list(chosen.values()))


def read_metadata(file: str, *, date: str, now: float) -> Json:
    """Read a file of metadata ("" is none), or of bindings alone; *date* replaces its compatibility date.

    Raises ValidationError for what an upload would refuse, and for the value of a secret, because it
    would be shown and kept in the journal.
    """
    metadata: Json = {}
    if file:
        try:
            content = parse(read_bytes(Path(file)))
            json.dumps(content, ensure_ascii=False).encode()
        except (UnicodeDecodeError, UnicodeEncodeError) as problem:
            raise ValidationError(f"{file} is not valid UTF-8: {problem.reason}") from None
        except ValueError as problem:
            raise ValidationError(f"{file} is not JSON: {problem}") from None
        metadata = {"bindings": content} if isinstance(content, list) else content
        if not isinstance(metadata, dict):
            raise ValidationError(f"{file} holds neither an object nor a list of bindings")
        _check(file, metadata)
    if date:
        metadata["compatibility_date"] = date
    if "compatibility_date" in metadata:
        valid.compatibility_date(str(metadata["compatibility_date"]), now=now)
    return metadata


def _check(file: str, metadata: Json) -> None:
    unknown = [name for name in metadata if name not in METADATA]
    if unknown:
        hint = f"one of: {', '.join(METADATA)}; secrets are always kept"
        raise ValidationError(f"{file} names {unknown[0]!r}, which a deployment does not accept", hint=hint)
    for field, value in metadata.items():
        if not isinstance(value, METADATA[field]) and not (value is None and field in SETTINGS):
            raise ValidationError(f"{field} in {file} is not {_TYPES[METADATA[field]]}")
    names: set[str] = set()
    for binding in metadata.get("bindings", []):
        fields = binding if isinstance(binding, dict) else {}
        name, type = fields.get("name"), fields.get("type")
        if not (isinstance(name, str) and name and isinstance(type, str) and type):
            raise ValidationError(f"a binding in {file} has no name or no type")
        if type in SECRETS and any(field in fields for field in _VALUES):
            hint = "deployments keep a script's secrets; set their values in Cloudflare's dashboard"
            raise ValidationError(f"{file} holds the value of the secret {name!r}", hint=hint)
        if name in names:
            raise ValidationError(f"{file} has two bindings called {name!r}")
        names.add(name)
    if "migrations" in metadata and not metadata["migrations"].get("new_tag"):
        hint = "the tag shows later deployments that the migration has run"
        raise ValidationError(f"the migrations in {file} have no new_tag", hint=hint)
