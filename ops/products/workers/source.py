"""A script on disk: one file, or a folder of modules, with or without the index that a download wrote."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ops.errors import UsageError, ValidationError
from ops.files.disk import open_regular
from ops.kinds.resource import Content
from ops.products.workers.javascript import is_blank
from ops.products.workers.script import FORM_PART, MODULE, PYTHON, SERVICE_WORKER, Script

INDEX = "modules.json"
FORMATS = {"modules": MODULE, "service-worker": SERVICE_WORKER}
# The media types that an upload takes, by suffix.
MEDIA_TYPES = {
    ".js": MODULE,
    ".mjs": MODULE,
    ".cjs": SERVICE_WORKER,
    ".py": PYTHON,
    ".wasm": "application/wasm",
    ".txt": "text/plain",
    ".html": "text/plain",
    ".sql": "text/plain",
    ".bin": "application/octet-stream",
    ".map": "application/source-map",
}
REQUIREMENTS = "requirements.txt"
REQUIREMENT = "text/x-python-requirement"
# Packages that `pywrangler` installs beside a Python Worker: all their files are data.
PYTHON_PACKAGES = "python_modules/"
NOT_MODULES = ("node_modules", "__pycache__")
MAINS = ("index.js", "index.mjs", "main.js", "worker.js", "index.py", "main.py")
# Cloudflare runs at most 64 MiB of modules.
LIMIT = 64 << 20
_PACKAGE = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)


class Source(NamedTuple):
    """What was read from disk; *left_out* are the files and folders that are not modules.

    *known* is True if the format of the main module is known: from its suffix or the index of a download.
    """

    script: Script
    known: bool
    left_out: tuple[str, ...] = ()


def read(path: Path, *, main: str) -> Source:
    """Read a script from the file or folder *path*; *main* is its entry point, "" to find it.

    Raises ValidationError for what is not a script, UsageError for what cannot be read.
    """
    source = _folder(path, main) if path.is_dir() else _file(path, main)
    for module in source.script.modules:
        if module.media_type in (MODULE, SERVICE_WORKER, PYTHON):
            try:
                text = module.data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError(
                    f"{module.name} is not UTF-8 at byte {error.start}",
                    hint="convert it, e.g. with `iconv -t utf-8`",
                ) from None
            if module.name == source.script.entry_point and is_blank(text):
                hint = "the module that runs first must handle an event, e.g. `fetch`"
                raise ValidationError(f"{module.name} has no code", hint=hint)
    return source


def _file(path: Path, main: str) -> Source:
    if main:
        raise ValidationError("--main names a module of a folder, but --path is a file")
    if not path.is_file():
        what = "is neither a file nor a folder" if path.exists() else "does not exist"
        raise UsageError(f"{path} {what}", hint="--path takes a file or a folder of modules")
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "")
    if media_type not in (MODULE, SERVICE_WORKER, PYTHON):
        raise ValidationError(
            f"{path.name} alone is not a script", hint="use a .js, .mjs or .py file, or a folder"
        )
    return Source(Script(path.name, (_content(path, path.name, media_type),)), path.suffix.lower() != ".js")


def _folder(folder: Path, main: str) -> Source:
    entry_point, index = _index(folder)
    skipped: list[str] = []
    try:
        paths = sorted(_paths(folder, skipped))
    except OSError as problem:
        raise UsageError(f"{problem.filename} cannot be read: {problem.strerror}") from None
    # The module that each file becomes, named by the index or its path; "" is the media type of other files.
    files = {
        path: index.get(path) or (path, MEDIA_TYPES.get(Path(path).suffix.lower(), ""))
        for path in paths
        if path != INDEX
    }
    names = [name for name, media_type in files.values() if media_type]
    if not names:
        raise ValidationError(f"{folder} holds no module", hint=f"modules end in {', '.join(MEDIA_TYPES)}")
    entry = _entry_point(main or entry_point, names)
    python = entry.endswith(".py")
    modules: list[Content] = []
    known = False
    for path, (name, media_type) in files.items():
        file, indexed = folder / path, path in index
        if python and path == REQUIREMENTS and not indexed:
            modules += _requirements(file)
        elif python and path.startswith(PYTHON_PACKAGES) and not indexed:
            modules.append(_content(file, name, MEDIA_TYPES[".bin"]))
        elif not media_type or (media_type == MEDIA_TYPES[".map"] and not indexed and _is_stray_map(file)):
            skipped.append(path)
        else:
            modules.append(_content(file, name, media_type))
        known = known or (name == entry and (indexed or file.suffix.lower() == ".mjs"))
    names = [module.name for module in modules]
    if len(set(names)) < len(names):
        raise ValidationError(f"{folder} holds two modules with the same name", hint=f"see {INDEX}")
    if FORM_PART in names:
        hint = "the upload has a part with that name"
        raise ValidationError(f"no module can be called {FORM_PART!r}", hint=hint)
    if sum(len(module.data) for module in modules) > LIMIT:
        raise ValidationError(f"the modules of {folder} are larger than {LIMIT >> 20} MiB together")
    return Source(Script(entry, tuple(modules)), known, tuple(sorted(skipped)))


def _paths(folder: Path, skipped: list[str], below: str = "") -> Iterator[str]:
    """Yield the files of *folder* that may be modules: hidden ones hold settings and secrets."""
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield below + entry.name
        elif entry.name in NOT_MODULES:
            skipped.append(f"{below}{entry.name}/")
        else:
            yield from _paths(Path(entry.path), skipped, f"{below}{entry.name}/")


def _is_stray_map(file: Path) -> bool:
    """True for the source map of something that is not a module, such as a style sheet."""
    mapped = file.with_suffix("")
    return mapped.suffix not in (".js", ".mjs", ".cjs") or not mapped.is_file()


def _requirements(file: Path) -> Iterator[Content]:
    """Yield an empty module for each package that a Python Worker requires, as wrangler uploads them."""
    for number, line in enumerate(read_bytes(file).decode("utf-8-sig", "replace").splitlines(), 1):
        package = line.partition("#")[0].strip()
        if package and not _PACKAGE.fullmatch(package):
            raise ValidationError(
                f"{file}, line {number}: {package!r} is not the name of a package",
                hint="Python Workers take names alone, without versions: Cloudflare chooses them",
            )
        if package:
            yield Content(package, REQUIREMENT, b"")


def _index(folder: Path) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return what the index of a download holds: the entry point; the module and media type by file."""
    file = folder / INDEX
    if not file.exists():
        return "", {}
    try:
        index = json.loads(read_bytes(file))
        files = {one["file"]: (str(one["module"]), str(one["type"])) for one in index["modules"]}
        entry_point = str(index["entry_point"])
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "delete it to name modules after their files"
        raise ValidationError(f"{file} is not the index of a download", hint=hint) from None
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise ValidationError(f"{missing[0]} is in {file}, but not in the folder", hint="or delete the index")
    return entry_point, files


def _entry_point(main: str, modules: list[str]) -> str:
    if main:
        if main not in modules:
            raise ValidationError(f"there is no module {main!r}", hint=f"one of: {', '.join(modules)}")
        return main
    runnable = [name for name in modules if name.endswith((".js", ".mjs", ".py"))]
    found = [name for name in MAINS if name in modules] or runnable
    if (len(found) > 1 and found[0] not in MAINS) or not found:
        raise ValidationError("which module runs first?", hint="name it with --main, e.g. --main index.js")
    return found[0]


def _content(file: Path, name: str, media_type: str) -> Content:
    if file.is_symlink():
        raise ValidationError(f"{file} is a symbolic link", hint="put the module itself in the folder")
    return Content(name, media_type, read_bytes(file))


def read_bytes(file: Path) -> bytes:
    """Return the content of a regular file of at most LIMIT bytes. Raises UsageError or ValidationError."""
    try:
        with open_regular(file) as opened:
            data = opened.read(LIMIT + 1)
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}") from None
    if len(data) > LIMIT:
        raise ValidationError(f"{file} is larger than the {LIMIT >> 20} MiB that a script can have")
    return data
