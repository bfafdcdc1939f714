"""The allow-list: plugins.toml in the user's configuration folder, and nowhere else.

[plugins.cfops-mail]
version = "0.3.1"             # another version is off
record = "sha256:…"           # optional: the hash of its RECORD
brings = ["tasks: mail.show"] # what it brought when it was enabled, for `inv plugins`
region = "eu"                 # anything else is a setting of the plugin

[hooks.our-networks]
on = ["on_change"]
run = ["/usr/local/bin/our-networks"]
seconds = 5
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ops.config import private
from ops.errors import UsageError
from ops.files.disk import atomic, private_folder

OURS = ("version", "record", "brings")
SECONDS = 5.0
LONGEST = 60.0
HINT = "`inv docs --page plugins` shows its form"
_HEADER = re.compile(r"[ \t]*\[(?!\[)(?P<name>[^\]#]*)\][ \t]*(#.*)?")
_KEY = re.compile(r"[ \t]*(?P<name>[\w-]+)[ \t]*=")


class Entry(NamedTuple):
    """One table of `plugins`; it is enabled if it has a *version*."""

    distribution: str
    version: str = ""
    record: str = ""
    brings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = {}


class Program(NamedTuple):
    """One table of `hooks`: any program, called *on* these hooks."""

    name: str
    on: tuple[str, ...]
    run: tuple[str, ...]
    seconds: float = SECONDS


class AllowList(NamedTuple):
    """What plugins.toml says, in its order."""

    plugins: tuple[Entry, ...] = ()
    programs: tuple[Program, ...] = ()


def normalised(name: str) -> str:
    """Return the name of a distribution as packaging tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(file: Path) -> AllowList:
    """Return the content of *file*; empty without one. Raises UsageError if it is wrong or unsafe."""
    if not private.is_there(file):
        return AllowList()
    content = _parse(private.read_private(file, forbidden=private.WRITABLE_BY_OTHERS), file)
    if unknown := sorted(content.keys() - {"plugins", "hooks"}):
        raise UsageError(f"{file}: there is no table {unknown[0]!r}", hint=HINT)
    tables = {name: content.get(name, {}) for name in ("plugins", "hooks")}
    for name, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
            raise UsageError(f"{file}: {name} is not a table of tables", hint=HINT)
    return AllowList(
        tuple(_entry(name, table, file) for name, table in tables["plugins"].items()),
        tuple(_program(name, table, file) for name, table in tables["hooks"].items()),
    )


def _parse(text: str, file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise UsageError(f"{file}: {problem}", hint=HINT) from None


def _entry(name: str, table: dict[str, Any], file: Path) -> Entry:
    version, record, brings = table.get("version", ""), table.get("record", ""), table.get("brings", [])
    if not isinstance(version, str) or not isinstance(record, str) or not _texts(brings):
        raise UsageError(f"{file}: version and record of {name!r} are text", hint='write version = "1.0"')
    settings = {key: value for key, value in table.items() if key not in OURS}
    return Entry(normalised(name), version, record, tuple(brings), settings)


def _program(name: str, table: dict[str, Any], file: Path) -> Program:
    on, run, seconds = table.get("on"), table.get("run"), table.get("seconds", SECONDS)
    if unknown := sorted(table.keys() - {"on", "run", "seconds"}):
        raise UsageError(f"{file}: there is no {unknown[0]!r} in a hook", hint=HINT)
    if not _texts(on) or not _texts(run) or not on or not run:
        raise UsageError(f"{file}: the hook {name!r} needs on and run, two lists of text", hint=HINT)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds <= LONGEST:
        raise UsageError(f"{file}: seconds of the hook {name!r} are from 0 to {LONGEST:g}", hint=HINT)
    program = str(private.placed(run[0], Path("/")))
    if not Path(run[0]).expanduser().is_absolute():
        hint = "a program that is looked up could be that of another folder"
        raise UsageError(f"{file}: the hook {name!r} needs the whole path of its program", hint=hint)
    return Program(name, tuple(on), (program, *run[1:]), float(seconds))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def write(file: Path, distribution: str, values: Mapping[str, str | Sequence[str]]) -> None:
    """Set what is ours in the table of *distribution* to *values*; without values, disable it.

    The rest of the file stays as it is. Raises UsageError if the result would not say that, and DiskError.
    """
    text = ""
    if private.is_there(file):
        text = private.read_private(file, forbidden=private.WRITABLE_BY_OTHERS)
    before, body, after = _split(text, distribution)
    kept = [line for line in body[1:] if not ((key := _KEY.match(line)) and key["name"] in OURS)]
    # Every JSON string, and every list of them, is TOML too.
    ours = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    header = body[:1] or [f"[plugins.{distribution}]"]
    table = [*header, *ours, *kept] if ours or any(map(str.strip, kept)) else []
    separated = ["", *table] if table and not body and before else table
    new = "\n".join([*before, *separated, *after]).rstrip("\n") + "\n"
    wanted = (values.get("version", ""), values.get("record", ""), tuple(values.get("brings", ())))
    try:
        found = {entry.distribution: entry for entry in _read_text(new, file)}
        safe = found.get(distribution, Entry(distribution))[1:4] == wanted
    except UsageError:
        safe = False  # what is wrong in the new text is not in the file
    if not safe:
        hint = f'change version, record and brings below [plugins."{distribution}"] by hand'
        raise UsageError(f"{file} cannot be changed safely", hint=hint)
    private_folder(file.parent)
    with atomic(file) as out:
        out.write(new.encode())


def _read_text(text: str, file: Path) -> list[Entry]:
    tables = _parse(text, file).get("plugins", {})
    return [_entry(name, table, file) for name, table in tables.items() if isinstance(table, dict)]


def _split(text: str, distribution: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of *text* before, of and after the table of *distribution*."""
    lines = text.splitlines()
    headers = [(n, match["name"]) for n, line in enumerate(lines) if (match := _HEADER.fullmatch(line))]
    for at, (start, name) in enumerate(headers):
        parts = [part.strip().strip("\"'") for part in name.split(".", 1)]
        if parts[0] == "plugins" and len(parts) == 2 and normalised(parts[1]) == distribution:
            end = headers[at + 1][0] if at + 1 < len(headers) else len(lines)
            return lines[:start], lines[start:end], lines[end:]
    return lines, [], []
