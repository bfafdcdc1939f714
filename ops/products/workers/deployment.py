"""What a deployment makes of a script: the code from disk, the settings of now, and what a file changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import UsageError, ValidationError
from ops.products.workers.item import SECRETS, code_of, ordered, without_code
from ops.products.workers.upload import SETTINGS
from ops.products.workers.valid import compatibility_date

if TYPE_CHECKING:
    from ops.kinds.resource import Json
    from ops.products.workers.modules import Script

# What a file of metadata may hold, in the API's own words; the main module is found by the code.
METADATA = ("bindings", "migrations", *SETTINGS)
_VALUES = ("text", "key_base64", "key_jwk")


def wanted(name: str, script: Script, metadata: Json, live: Json | None, *, today: str) -> Json:
    """Give the item that the script *name* shall become; *live* is what stands, None where nothing does.

    What *metadata* does not name stays; secrets stay in any case. A new script without a compatibility date
    gets *today*, for the API would give it the oldest.
    """
    kept: Json = without_code(live) if live else {"id": name, "compatibility_date": today}
    standing: list[Json] = kept.get("bindings") or []
    bindings = _bindings(metadata["bindings"], standing) if "bindings" in metadata else standing
    item = {**kept, **metadata, "bindings": bindings, **code_of(script)}
    if "migrations" in item:
        return _migrated(item, live)
    return item


def read_metadata(file: str, *, date: str, now: float) -> Json:
    """Read a file of metadata ("" is none), or of bindings alone; *date* beats its compatibility date.

    Raises ValidationError for what an upload would not take, and for the value of a secret: a value that is
    sent along is shown and kept in the journal.
    """
    told = _checked(file, _parsed(Path(file))) if file else {}
    if date:
        told["compatibility_date"] = date
    if "compatibility_date" in told:
        compatibility_date(str(told["compatibility_date"]), now=now)
    return told


def _parsed(file: Path) -> Json:
    try:
        told = json.loads(file.read_bytes())
    except OSError as problem:
        raise UsageError(
            f"{file} cannot be read: {problem.strerror}", hint="--bindings takes a file"
        ) from None
    except (ValueError, RecursionError) as problem:
        raise ValidationError(f"{file} is not JSON: {problem}") from None
    if isinstance(told, list):
        return {"bindings": told}
    if not isinstance(told, dict):
        raise ValidationError(f"{file} holds neither an object nor a list of bindings")
    return told


def _checked(file: str, told: Json) -> Json:
    strangers = [name for name in told if name not in METADATA]
    if strangers:
        hint = f"one of: {', '.join(METADATA)}; secrets are kept by themselves"
        raise ValidationError(f"{file} names {strangers[0]!r}, which a deployment does not take", hint=hint)
    names = [_named(file, binding) for binding in _list(file, told.get("bindings", []))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValidationError(f"{file} has two bindings called {twice!r}")
    if "migrations" in told and not (
        isinstance(told["migrations"], dict) and told["migrations"].get("new_tag")
    ):
        hint = "by its tag a later deployment knows that the migration is done"
        raise ValidationError(f"the migrations in {file} have no new_tag", hint=hint)
    return told


def _list(file: str, bindings: object) -> list[Json]:
    if not isinstance(bindings, list):
        raise ValidationError(f"the bindings in {file} are no list")
    return bindings


def _named(file: str, binding: Json) -> str:
    """Give the name of *binding*, one of those in *file*, where it has all that it needs."""
    fields = binding if isinstance(binding, dict) else {}
    name, type = fields.get("name"), fields.get("type")
    if not (isinstance(name, str) and name and isinstance(type, str) and type):
        raise ValidationError(f"a binding in {file} has no name or no type")
    if type in SECRETS and any(field in fields for field in _VALUES):
        raise ValidationError(
            f"{file} holds the value of the secret {name!r}",
            hint="a script's secrets are kept by each deployment; set them in Cloudflare's dashboard",
        )
    return name


def _bindings(named: list[Json], standing: list[Json]) -> list[Json]:
    """Give the bindings of a file with the secrets that stand; one that says less than one of now is that."""
    now = {binding["name"]: binding for binding in standing}
    secrets = {name: binding for name, binding in now.items() if binding["type"] in SECRETS}
    for binding in named:
        _check_secret(binding, secrets)
    chosen = {one["name"]: _completed(one, now.get(one["name"], {})) for one in named}
    return ordered(list({**secrets, **chosen}.values()))


def _check_secret(binding: Json, secrets: dict[str, Json]) -> None:
    """Refuse a secret that is not there, and another binding in the place of one that is."""
    name, secret = binding["name"], binding["type"] in SECRETS
    if secret and name not in secrets:
        hint = "set it in Cloudflare's dashboard once the script is there"
        raise ValidationError(f"the script has no secret {name!r} to keep", hint=hint)
    if name in secrets and not secret:
        hint = "give the binding another name, or delete the secret in Cloudflare's dashboard"
        raise ValidationError(f"{name!r} is a secret of the script, whose value would be lost", hint=hint)


def _completed(binding: Json, now: Json) -> Json:
    return now if all(name in now and now[name] == value for name, value in binding.items()) else binding


def _migrated(item: Json, live: Json | None) -> Json:
    """Give *item* with its migrations, or without those that were carried out by an earlier deployment."""
    tag = item["migrations"]["new_tag"]
    if live and live.get("migration_tag") == tag:
        return {name: value for name, value in item.items() if name != "migrations"}
    return item | {"migration_tag": tag}
