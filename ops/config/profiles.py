"""Profiles: named sets of settings in profiles.toml of the configuration folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ops.config.private import WRITABLE_BY_OTHERS, is_there, placed, read_private
from ops.errors import NotFound, UsageError, did_you_mean
from ops.files.disk import atomic

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
    """Read profiles.toml in *folder*; no file means no profiles.

    Raises UsageError for invalid TOML, a secret in it, or a file that other users may write.
    """
    file = folder / "profiles.toml"
    if not is_there(file):
        return Profiles({}, "", file)
    content = _parse(read_private(file, forbidden=WRITABLE_BY_OTHERS), file)
    default = content.pop("default", "")
    if not isinstance(default, str):
        raise UsageError(f"{file}: default must be the name of a profile", hint='write default = "name"')
    return Profiles({name: _profile(name, table, file) for name, table in content.items()}, default, file)


def set_default(folder: Path, name: str) -> Path:
    """Make *name* the default profile and return the changed file.

    Raises NotFound for an unknown name, DiskError if the file cannot be written.
    """
    profiles = list_profiles(folder)
    profiles.get(name)
    text = read_private(profiles.file, forbidden=WRITABLE_BY_OTHERS)
    table = _TABLE.search(text)
    start = table.start() if table else len(text)
    # Every JSON string is a TOML string.
    text = f"default = {json.dumps(name)}\n" + _DEFAULT_LINE.sub("", text[:start]) + text[start:]
    if _parse(text, profiles.file).get("default") != name:
        raise UsageError(f"{profiles.file} cannot be changed safely", hint=f'write default = "{name}" in it')
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
