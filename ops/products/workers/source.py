"""A script as it lies on disk: one file, or a folder of modules, perhaps with the index of a download."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from ops.errors import UsageError, ValidationError
from ops.kinds.resource import Content
from ops.products.workers.files import INDEX
from ops.products.workers.modules import MODULE, SERVICE_WORKER, Script

# The media types that an upload takes, by what file names end in.
MEDIA_TYPES = {
    ".js": MODULE,
    ".mjs": MODULE,
    ".cjs": SERVICE_WORKER,
    ".py": "text/x-python",
    ".wasm": "application/wasm",
    ".txt": "text/plain",
    ".html": "text/plain",
    ".sql": "text/plain",
    ".bin": "application/octet-stream",
    ".map": "application/source-map",
}
MAINS = ("index.js", "index.mjs", "main.js", "worker.js", "index.py", "main.py")
# The part of the upload that is no module.
FORM_PART = "metadata"
# Cloudflare runs at most so many bytes of modules.
LIMIT = 64 << 20
_MODULE_SYNTAX = re.compile(rb"^\s*(?:export|import)\b", re.MULTILINE)


class Source(NamedTuple):
    """What was read from disk; *left_out* are the files of the folder that are no modules."""

    script: Script
    left_out: tuple[str, ...] = ()


def read(place: Path, *, main: str, name: str) -> Source:
    """Read the file or folder at *place* as the script *name*, *main* its entry point ("" finds it).

    Raises ValidationError for what is no script, UsageError for what cannot be read.
    """
    if place.is_dir():
        return _folder(place, main, name)
    if main:
        raise ValidationError("--main names a module of a folder, and --path is a file")
    if not place.is_file():
        raise UsageError(f"{place} is not there", hint="--path takes a file or a folder of modules")
    return Source(_single(_content(place, place.name, MEDIA_TYPES.get(place.suffix.lower(), "")), name))


def _single(module: Content, name: str) -> Script:
    """Give the script of one file: in service-worker syntax where nothing is imported or exported."""
    if module.media_type in (MODULE, SERVICE_WORKER):
        if module.media_type == SERVICE_WORKER or not _MODULE_SYNTAX.search(module.data):
            # The API gives such a script back without its file's name.
            module = Content(f"{name}.js", SERVICE_WORKER, module.data)
    elif module.media_type != MEDIA_TYPES[".py"]:
        raise ValidationError(
            f"{module.name} alone is no script", hint="a .js, .mjs or .py file, or a folder"
        )
    return Script(module.name, (module,))


class _File(NamedTuple):
    """A file that will be a module."""

    path: Path
    name: str
    media_type: str


def _folder(folder: Path, main: str, name: str) -> Source:
    index = _index(folder)
    files = [_known(file, folder, index) for file in sorted(folder.rglob("*")) if _visible(file, folder)]
    chosen = [file for file in files if file.media_type]
    _check(folder, chosen)
    left_out = tuple(file.name for file in files if not file.media_type)
    modules = tuple(_content(*file) for file in chosen)
    entry = _entry_point(main or index.entry_point, [module.name for module in modules])
    return Source(_single(modules[0], name) if len(modules) == 1 else Script(entry, modules), left_out)


def _known(file: Path, folder: Path, index: _Index) -> _File:
    """Name a file as the index does, else by its place in the folder; no media type where it is no module."""
    place = file.relative_to(folder).as_posix()
    name, media_type = index.files.get(place, (place, MEDIA_TYPES.get(file.suffix.lower(), "")))
    return _File(file, name, media_type)


def _check(folder: Path, files: list[_File]) -> None:
    names = [file.name for file in files]
    if not names:
        hint = f"modules end in {', '.join(MEDIA_TYPES)}"
        raise ValidationError(f"{folder} holds no module", hint=hint)
    if len(set(names)) < len(names):
        raise ValidationError(f"{folder} holds two modules of the same name", hint=f"look at {INDEX}")
    if FORM_PART in names:
        raise ValidationError(
            f"no module may be called {FORM_PART!r}", hint="the upload has a part of that name"
        )
    if sum(file.path.lstat().st_size for file in files) > LIMIT:
        raise ValidationError(f"the modules of {folder} are larger than {LIMIT >> 20} MiB together")


def _visible(file: Path, folder: Path) -> bool:
    """Say whether a file may be part of the script: hidden ones hold settings and secrets."""
    parts = file.relative_to(folder).parts
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and parts != (INDEX,) and (file.is_symlink() or not file.is_dir())


class _Index(NamedTuple):
    """What the index of a download tells: module name and media type by file."""

    entry_point: str
    files: dict[str, tuple[str, str]]


def _index(folder: Path) -> _Index:
    file = folder / INDEX
    if not file.exists():
        return _Index("", {})
    try:
        told = json.loads(_bytes(file))
        files = {one["file"]: (str(one["module"]), str(one["type"])) for one in told["modules"]}
        entry_point = str(told["entry_point"])
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "take it away to name modules after their files"
        raise ValidationError(f"{file} is not the index of a download", hint=hint) from None
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise ValidationError(f"{missing[0]} is in {file}, but not in the folder", hint="or delete the index")
    return _Index(entry_point, files)


def _entry_point(named: str, modules: list[str]) -> str:
    if named:
        if named not in modules:
            raise ValidationError(f"there is no module {named!r}", hint=f"one of: {', '.join(modules)}")
        return named
    runnable = [name for name in modules if name.endswith((".js", ".mjs", ".py"))]
    found = [name for name in MAINS if name in modules] or runnable
    if (len(found) > 1 and found[0] not in MAINS) or not found:
        raise ValidationError("which module is run first?", hint="name it with --main, e.g. --main index.js")
    return found[0]


def _content(file: Path, name: str, media_type: str) -> Content:
    if file.is_symlink():
        raise ValidationError(f"{file} is a symbolic link", hint="put the module itself into the folder")
    return Content(name, media_type, _bytes(file))


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LIMIT:
            raise ValidationError(f"{file} is larger than the {LIMIT >> 20} MiB that a script may have")
        return file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}") from None
