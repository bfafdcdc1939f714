"""Layers: the sources of settings, profiles.toml among them, and the value that each gives."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ops.config.private import WRITABLE_BY_OTHERS, is_there, placed, read_private
from ops.config.values import BY_NAME, FIELDS, Setting
from ops.errors import NotFound, UsageError, did_you_mean
from ops.files.disk import atomic

STAGED = "set by an earlier task"

# A task that sets credentials for later tasks sets their account too.
_TYPED = frozenset({"profile", "account_id", "output", "quiet", "debug", "cache", "log_format", "log_file"})
_NEVER_TYPED = BY_NAME.keys() - _TYPED
_SET_BY_TASKS = _NEVER_TYPED | {"account_id"}

_OFF = frozenset({"0", "false", "no", "off"})
FOR_PLUGINS = ("CFOPS_PLUGINS", "CFOPS_PLUGIN_")
"""How the variables begin that switch plugins off, and that are reserved for their settings."""
VARIABLES = {"CFOPS_CONFIG_DIR", *(name for field in FIELDS for name in field.known_as)}


class Said(NamedTuple):
    """One value as written, and its origin."""

    raw: object
    origin: str


class Layer(NamedTuple):
    """The values of one source, by setting. Relative paths are relative to *folder*."""

    says: Mapping[str, Said]
    folder: Path


def from_options(options: Mapping[str, object], folder: Path) -> Layer:
    """Return the layer of typed options and of earlier tasks; "", 0, None and False mean not set."""
    given = {name: raw for name, raw in options.items() if raw and name != "credentials"}
    _refuse_unknown(given, "options", guarded=True)
    set_by_tasks = _SET_BY_TASKS if options.get("credentials") else _NEVER_TYPED

    def origin(name: str) -> str:
        return STAGED if name in set_by_tasks else f"option --{name.replace('_', '-')}"

    return Layer({name: Said(raw, origin(name)) for name, raw in given.items()}, folder)


def from_variables(variables: Mapping[str, str], where: str, folder: Path, *, guarded: bool) -> Layer:
    """Return the layer of the variables that name settings; an empty one counts as unset, except PAGER.

    Raises UsageError if the two names of the base URL differ, or if a source that is not *guarded* against
    other users sets something that weakens a protection.
    """
    says = {}
    for field in FIELDS:
        named = [(name, value) for name in field.known_as if (value := variables.get(name, ""))]
        if not named:
            continue
        if field.name == "base_url" and len({value.strip().rstrip("/") for _, value in named}) > 1:
            names = " and ".join(name for name, _ in named)
            raise UsageError(f"{where}: {names} differ", hint="set one of them, or both to the same URL")
        name, value = named[0]
        if field.guarded and not guarded:
            raise _not_here(field, f"{where} {name}")
        if name == "DEBUG":
            # Many programs read it, with values such as "app:*": everything that is not off is on.
            value = "no" if value.strip().lower() in _OFF else "yes"
        says[field.name] = Said(value, f"{where} {name}")
    if "color" not in says and (color := _color(variables)):
        value, name = color
        says["color"] = Said(value, f"{where} {name}")
    if "pager" not in says and "" in (variables.get("CFOPS_PAGER"), variables.get("PAGER")):
        says["pager"] = Said("", f"{where} PAGER")  # no pager, as for git
    return Layer(says, folder)


def _color(variables: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what the variables of other programs say about colors, and which one says it."""
    if variables.get("NO_COLOR"):
        return "never", "NO_COLOR"
    if variables.get("FORCE_COLOR", "").strip().lower() not in _OFF | {""}:
        return "always", "FORCE_COLOR"
    return ("never", "TERM") if variables.get("TERM") == "dumb" else None


def from_mapping(mapping: Mapping[str, object], where: str, folder: Path, *, guarded: bool) -> Layer:
    """Return the layer of a profile or of Invoke's `ops:` mapping. Raises UsageError for an unknown key."""
    if mapping and not hasattr(mapping, "items"):
        raise UsageError(f"{where} holds no settings", hint="write each as `name: value` below it")
    given = {name: raw for name, raw in (mapping or {}).items() if raw is not None}
    _refuse_unknown(given, where, guarded=guarded)
    return Layer({name: Said(raw, f"{where} {name}") for name, raw in given.items()}, folder)


def read_dotenv(file: Path, *, allow_insecure: bool) -> dict[str, str]:
    """Return the variables of a `.env` file, {} without one. Raises UsageError for a bad file or line."""
    if not is_there(file):
        return {}
    text = read_private(file, allow_insecure=allow_insecure)
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    # dotenv_values only logs such lines: a token on one would be missing without an error.
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.line
            raise UsageError(f"{file}: line {line} cannot be parsed", hint="write NAME=value")
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _refuse_unknown(given: Mapping[str, object], where: str, *, guarded: bool) -> None:
    for name in given:
        if name not in BY_NAME:
            hint = did_you_mean(name, BY_NAME) or f"the settings are: {', '.join(BY_NAME)}"
            raise UsageError(f"{where}: there is no setting {name!r}", hint=hint)
        if BY_NAME[name].guarded and not guarded:
            raise _not_here(BY_NAME[name], f"{where} {name}")


def _not_here(field: Setting, origin: str) -> UsageError:
    return UsageError(
        f"{origin}: this setting controls where secrets may go and is not read from a project's files",
        hint=f"set {field.known_as[0]} in the environment, or {field.name} in a profile",
    )


# The order in which wrangler looks for its file.
_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_LIMIT = 1 << 20
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def account_in(project: Path) -> Said | None:
    """Return the first `account_id` in wrangler files of *project*; raises UsageError for a bad file."""
    for file in filter(Path.is_file, (project / name for name in _NAMES)):
        import tomllib

        try:
            if file.stat().st_size > _LIMIT:
                raise ValueError(f"larger than {_LIMIT} bytes")
            text = file.read_text("utf-8-sig")
            content = tomllib.loads(text) if file.suffix == ".toml" else parse_jsonc(text)
        except (OSError, ValueError, RecursionError) as problem:
            hint = "fix the file, or set CLOUDFLARE_ACCOUNT_ID"
            raise UsageError(f"{file} cannot be read: {problem}", hint=hint) from None
        account_id = content.get("account_id") if isinstance(content, dict) else None
        if isinstance(account_id, str) and account_id:
            return Said(account_id, f"{file} account_id")
    return None


def parse_jsonc(text: str) -> Any:
    """Parse JSON with comments and trailing commas. Raises ValueError."""
    bare = _COMMENT.sub(lambda found: found[1] or " ", text)
    return json.loads(_TRAILING_COMMA.sub(lambda found: found[1] or "", bare))


_SECRETS = ("token", "api_token", "key", "api_key")
_DEFAULT_LINE = re.compile(r"^[ \t]*default[ \t]*=.*\n?", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


class Profile(NamedTuple):
    """A profile: *settings* as written, and the source of its token: a file, the keyring, or neither."""

    name: str
    settings: Mapping[str, object]
    token_file: Path | None
    keyring: bool
    file: Path


class Profiles(NamedTuple):
    """All profiles of a file, and the name of the default one ("" for none)."""

    by_name: Mapping[str, Profile]
    default: str
    file: Path

    def get(self, name: str) -> Profile:
        """Return the profile called *name*. Raises NotFound."""
        if name in self.by_name:
            return self.by_name[name]
        hint = did_you_mean(name, self.by_name) or f"the profiles are: {', '.join(self.by_name) or 'none'}"
        raise NotFound(f"there is no profile {name!r} in {self.file}", hint=hint)


def list_profiles(folder: Path) -> Profiles:
    """Return the profiles in *folder*. Raises UsageError for bad TOML, a secret, or unsafe modes."""
    file = folder / "profiles.toml"
    if not is_there(file):
        return Profiles({}, "", file)
    content = _parse(read_private(file, forbidden=WRITABLE_BY_OTHERS), file)
    default = content.pop("default", "")
    if not isinstance(default, str):
        raise UsageError(f"{file}: default must be the name of a profile", hint='write default = "name"')
    return Profiles({name: _profile(name, table, file) for name, table in content.items()}, default, file)


def set_default(folder: Path, name: str) -> Path:
    """Make *name* the default profile; return the changed file. Raises NotFound, DiskError."""
    profiles = list_profiles(folder)
    profiles.get(name)
    text = read_private(profiles.file, forbidden=WRITABLE_BY_OTHERS)
    table = _TABLE.search(text)
    start = table.start() if table else len(text)
    # Every JSON string is a TOML string.
    text = f"default = {json.dumps(name)}\n" + _DEFAULT_LINE.sub("", text[:start]) + text[start:]
    try:
        _parse(text, profiles.file)
    except UsageError:
        hint = f'write default = "{name}" in it'
        raise UsageError(f"{profiles.file} cannot be changed safely", hint=hint) from None
    with atomic(profiles.file) as file:
        file.write(text.encode())
    return profiles.file


def _parse(text: str, file: Path) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        hint = "profiles are written as TOML: [name], then key = value"
        raise UsageError(f"{file}: {problem}", hint=hint) from None


def _profile(name: str, table: object, file: Path) -> Profile:
    if not isinstance(table, dict):
        raise UsageError(f"{file}: {name!r} is outside any profile", hint="start a profile with [name]")
    for secret in _SECRETS:
        if secret in table:
            raise UsageError(
                f"{file}: profile {name!r} holds a {secret}; secrets do not belong in this file",
                hint="put it in a separate file, `chmod 600` that, and name it with token_file",
            )
    if "profile" in table:
        hint = f"remove it from [{name}]"
        raise UsageError(f"{file}: there is no setting 'profile' in a profile", hint=hint)
    settings = dict(table)
    token_file, keyring = settings.pop("token_file", ""), settings.pop("keyring", False)
    if not isinstance(token_file, str) or not isinstance(keyring, bool):
        hint = 'write token_file = "path", or keyring = true'
        raise UsageError(f"{file}: profile {name!r} has a wrong token_file or keyring", hint=hint)
    place = placed(token_file, file.parent) if token_file else None
    return Profile(name, settings, place, keyring, file)
