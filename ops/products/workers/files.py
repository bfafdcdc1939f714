"""Modules as files in one folder. A module's name never chooses a path; what stands there is kept."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ops.errors import Refused
from ops.files.disk import atomic, check_writable, explained, private_folder, refuse_link
from ops.kinds.resource import Content, Json
from ops.products.workers.modules import Script

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
_NOT_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,6}")
# Windows opens its devices by these names, whatever the ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


INDEX = "modules.json"


class Written(NamedTuple):
    """A module on disk; *kept* is where the different file that stood there went, "" if there was none."""

    module: Content
    file: Path
    kept: str = ""

    def as_json(self) -> Json:
        data = self.module.data
        return {
            "module": self.module.name,
            "file": self.file.name,
            "type": self.module.media_type,
            "bytes": len(data),
            "sha256": _digest(data),
        }


def file_names(names: Iterable[str]) -> list[str]:
    """Give a file name for each module: its own where that is safe, else a slug with a hash.

    No two are the same, nor differ only in case, which not every disk tells apart.
    """
    taken = {INDEX}
    files = []
    for name in names:
        plain = _PLAIN.fullmatch(name) and not _DEVICE.fullmatch(name) and name.lower() not in taken
        files.append(name if plain else _slug(name, taken))
        taken.add(files[-1].lower())
    return files


def check_folder(folder: Path) -> None:
    """Raise DiskError where nothing can be written to *folder*, before anything is asked of the API."""
    check_writable(next(place for place in (folder, *folder.absolute().parents) if place.exists()))


def write(folder: Path, name: str, script: Script, *, force: bool) -> list[Written]:
    """Write the modules of the script *name* into *folder*, and beside them an index of what they are.

    All are readable by this user only. Refused without *force* where a file would be replaced; with it,
    a different one that stood there stays beside the new one, under the name given as `kept`.
    """
    files = [folder / file for file in file_names(module.name for module in script.modules)]
    standing = [file for file in (*files, folder / INDEX) if os.path.lexists(file)]
    if standing and not force:
        raise Refused(
            f"{standing[0]} is there already", hint="choose another folder with --to, or give --force"
        )
    private_folder(folder)
    written = [_write(module, file) for module, file in zip(script.modules, files, strict=True)]
    return [*written, _write(_index(name, script, written), folder / INDEX)]


def _index(name: str, script: Script, written: list[Written]) -> Content:
    told = {"script": name, "entry_point": script.entry_point, "modules": [one.as_json() for one in written]}
    text = json.dumps(told, indent=2, ensure_ascii=True) + "\n"
    return Content(INDEX, "application/json", text.encode())


def _write(module: Content, file: Path) -> Written:
    kept = _keep(file, module.data)
    with atomic(file) as out:
        out.write(module.data)
    return Written(module, file, kept)


def _keep(file: Path, data: bytes) -> str:
    """Copy what stands at *file* aside unless it is the same; give the name of the copy."""
    refuse_link(file)
    if not file.exists():
        return ""
    with explained(file):
        standing = file.read_bytes()
    if standing == data:
        return ""
    # Named after its content, so that no copy of an earlier time is ever written over.
    aside = file.with_name(f"{file.name}.{_digest(standing)[:12]}.old")
    with atomic(aside) as out:
        out.write(standing)
    return str(aside)


def _slug(name: str, taken: set[str]) -> str:
    stem, ending = os.path.splitext(name)  # noqa: PTH122  (a module's name is text here, not a path)
    if not _ENDING.fullmatch(ending):
        stem, ending = name, ""
    readable = _NOT_SAFE.sub("-", stem)[-60:].strip("-._") or "module"
    for number in itertools.count():
        told_apart = f"{number or ''}{name}".encode("utf-8", "surrogatepass")
        file = f"{readable}-{_digest(told_apart)[:12]}{ending}"
        if file.lower() not in taken:
            break
    return file


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
