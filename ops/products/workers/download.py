"""workers.download: modules as files in one folder. A module's name never chooses a path."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.files.disk import atomic, explained, open_regular, private_folder, refuse_other
from ops.items import Json
from ops.kinds.resource import Content
from ops.products.workers.source import INDEX

if TYPE_CHECKING:
    from ops.kinds.code import Script

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,6}")
# Windows opens its devices by these names, whatever the suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_names(names: Iterable[str]) -> list[str]:
    """Return a file name for each module: its own name if that is safe, else a slug with a hash.

    No two are the same or differ only in case, which not every file system distinguishes.
    """
    taken = {INDEX}
    files = []
    for name in names:
        usable = _SAFE.fullmatch(name) and not _DEVICE.fullmatch(name) and name.lower() not in taken
        files.append(name if usable else _slug(name, taken))
        taken.add(files[-1].lower())
    return files


def write(folder: Path, name: str, script: Script, *, force: bool) -> list[Json]:
    """Write the modules of the script *name* to *folder*, and an index of them; return a row for each file.

    Only this user can read the files. Raises Refused without *force* if a file would be replaced; with it, an
    earlier, different file is kept beside the new one: `kept` is its path, "" if there was none.
    """
    files = [folder / file for file in file_names(module.name for module in script.modules)]
    existing = [file for file in (*files, folder / INDEX) if os.path.lexists(file)]
    if existing and not force:
        hint = "choose another folder with --to, or use --force, which keeps a copy of the earlier file"
        raise Refused(f"{existing[0]} already exists", hint=hint)
    private_folder(folder)
    written = [_write(module, file) for module, file in zip(script.modules, files, strict=True)]
    fields = ("module", "type", "bytes", "sha256")
    modules = [{"file": Path(row["file"]).name} | {name: row[name] for name in fields} for row in written]
    index = {"script": name, "entry_point": script.entry_point, "modules": modules}
    text = json.dumps(index, indent=2, ensure_ascii=True) + "\n"
    return [*written, _write(Content(INDEX, "application/json", text.encode()), folder / INDEX)]


def _write(module: Content, file: Path) -> Json:
    """Write *module* to *file*; copy an earlier, different file aside first."""
    refuse_other(file)
    kept = ""
    if file.exists():
        with explained(file, "read"), open_regular(file) as source:
            earlier = source.read()
        if earlier != module.data:
            # Named after its content, so that an earlier copy is never replaced.
            copy = file.with_name(f"{file.name}.{_digest(earlier)[:12]}.old")
            with atomic(copy) as out:
                out.write(earlier)
            kept = str(copy)
    with atomic(file) as out:
        out.write(module.data)
    return {
        "module": module.name,
        "file": str(file),
        "type": module.media_type,
        "bytes": len(module.data),
        "sha256": _digest(module.data),
        "kept": kept,
    }


def _slug(name: str, taken: set[str]) -> str:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122  (a module's name is text here, not a path)
    if not _SUFFIX.fullmatch(suffix):
        stem, suffix = name, ""
    readable = _UNSAFE.sub("-", stem)[-60:].strip("-._") or "module"
    number = 0
    while True:
        unique = f"{number or ''}{name}".encode("utf-8", "surrogatepass")
        file = f"{readable}-{_digest(unique)[:12]}{suffix}"
        if file.lower() not in taken:
            return file
        number += 1


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
