"""What a deployment uploads: a script on disk, its metadata, and what the live script keeps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import UsageError, ValidationError
from ops.files.disk import open_regular
from ops.http.answers import parse
from ops.kinds.code import MODULE, SERVICE_WORKER, Script
from ops.kinds.resource import Content
from ops.products.workers import script as scripts
from ops.products.workers import valid
from ops.products.workers.javascript import is_blank, is_module
from ops.products.workers.script import FORM_PART, PYTHON

if TYPE_CHECKING:
    from ops.items import Json

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
# What a file of metadata may hold, under the API's own names; the main module is known from the code.
METADATA = {
    "bindings": list, "migrations": dict, "compatibility_date": str, "compatibility_flags": list,
    "placement": dict, "tags": list, "tail_consumers": list, "logpush": bool, "limits": dict,
    "observability": dict,
}  # fmt: skip
_TYPES = {list: "a list", dict: "an object", str: "text", bool: "true or false"}
_VALUES = ("text", "key_base64", "key_jwk")
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
                problem = f"{module.name} is not UTF-8 at byte {error.start}"
                raise ValidationError(problem, hint="convert it, e.g. with `iconv -t utf-8`") from None
            if module.name == source.script.entry_point and is_blank(text):
                hint = "the module that runs first must handle an event, e.g. `fetch`"
                raise ValidationError(f"{module.name} has no code", hint=hint)
    return source


def _file(path: Path, main: str) -> Source:
    if main:
        raise ValidationError("--main names a module of a folder, but --file is a file")
    if not path.is_file():
        what = "is neither a file nor a folder" if path.exists() else "does not exist"
        raise UsageError(f"{path} {what}", hint="--file takes a file or a folder of modules")
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "")
    if media_type not in (MODULE, SERVICE_WORKER, PYTHON):
        hint = "use a .js, .mjs or .py file, or a folder"
        raise ValidationError(f"{path.name} alone is not a script", hint=hint)
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
        # The source map of a style sheet, for example, is not a module.
        mapped = file.with_suffix("")
        is_stray = mapped.suffix not in (".js", ".mjs", ".cjs") or not mapped.is_file()
        if python and path == REQUIREMENTS and not indexed:
            modules += _requirements(file)
        elif python and path.startswith(PYTHON_PACKAGES) and not indexed:
            modules.append(_content(file, name, MEDIA_TYPES[".bin"]))
        elif not media_type or (media_type == MEDIA_TYPES[".map"] and not indexed and is_stray):
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


def _requirements(file: Path) -> Iterator[Content]:
    """Yield an empty module for each package that a Python Worker requires, as wrangler uploads them."""
    for number, line in enumerate(read_bytes(file).decode("utf-8-sig", "replace").splitlines(), 1):
        package = line.partition("#")[0].strip()
        if package and not _PACKAGE.fullmatch(package):
            problem = f"{file}, line {number}: {package!r} is not the name of a package"
            hint = "Python Workers take names alone, without versions: Cloudflare chooses them"
            raise ValidationError(problem, hint=hint)
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
    known = FORMATS[format] if format else main.media_type if source.known else ""
    media_type = known or _detected(source.script, main, live)
    code = [module for module in modules if module.media_type != MEDIA_TYPES[".map"]]
    # The API returns a service worker without the name of its file.
    renamed = f"{name}.js" if media_type == SERVICE_WORKER and len(code) == 1 else entry
    names = {entry: renamed, f"{entry}.map": f"{renamed}.map"}
    changed: list[Content] = []
    for module in modules:
        type = media_type if module.name == entry else module.media_type
        is_plain = type == SERVICE_WORKER and module.name.lower().endswith(".cjs")
        if is_plain and not (format and module.name == entry) and is_module(module.data):
            hint = "rename it to .mjs; for the module that runs first, add --format modules"
            raise ValidationError(f"{module.name} imports or exports, which only an ES module can", hint=hint)
        changed.append(module._replace(name=names.get(module.name, module.name), media_type=type))
    return Script(renamed, tuple(changed))


def _detected(script: Script, main: Content, live: Json | None) -> str:
    imports = is_module(main.data)
    if imports or any(one.media_type in (MODULE, SERVICE_WORKER) for one in script.modules if one != main):
        return MODULE
    if live and live["media_types"].get(scripts.main_of(live)[1]) in (MODULE, SERVICE_WORKER):
        return MODULE if scripts.main_of(live)[0] == "main_module" else SERVICE_WORKER
    if imports is None:
        problem = "cannot be read as JavaScript: a bracket, string, comment or template is not closed"
        hint = f"fix it, or add --format {' or --format '.join(FORMATS)}"
        raise ValidationError(f"{main.name} {problem}", hint=hint)
    return SERVICE_WORKER


def wanted(name: str, script: Script, metadata: Json, live: Json | None, *, today: str) -> Json:
    """Return the item that the script *name* becomes; *live* is the current one, None if there is none.

    What *metadata* does not name stays, and secrets always stay. A new script without a compatibility date
    gets *today*, because the API would set the oldest.
    """
    kept: Json = scripts.without_code(live) if live else {"id": name, "compatibility_date": today}
    current: list[Json] = kept.get("bindings") or []
    bindings = _bindings(metadata["bindings"], current) if "bindings" in metadata else current
    item = {**kept, **metadata, "bindings": bindings, **scripts.code_of(script)}
    if "migrations" not in item:
        return item
    tag = item["migrations"]["new_tag"]
    if live and live.get("migration_tag") == tag:
        # An earlier deployment ran them.
        return {name: value for name, value in item.items() if name != "migrations"}
    return item | {"migration_tag": tag}


def _bindings(named: list[Json], current: list[Json]) -> list[Json]:
    live = {binding["name"]: binding for binding in current}
    secrets = {name: binding for name, binding in live.items() if binding["type"] in scripts.SECRETS}
    chosen = dict(secrets)
    for binding in named:
        name, secret = binding["name"], binding["type"] in scripts.SECRETS
        if secret and name not in secrets:
            hint = "deploy without it, then set it in Cloudflare's dashboard"
            raise ValidationError(f"the script has no secret {name!r} to keep", hint=hint)
        if name in secrets and not secret:
            hint = "give the binding another name, or delete the secret in Cloudflare's dashboard"
            raise ValidationError(f"{name!r} is a secret of the script, whose value would be lost", hint=hint)
        known = live.get(name, {})
        same = all(field in known and known[field] == value for field, value in binding.items())
        chosen[name] = known if same else binding
    return scripts.sorted_bindings(list(chosen.values()))


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
        if not isinstance(value, METADATA[field]) and not (value is None and field in scripts.SETTINGS):
            raise ValidationError(f"{field} in {file} is not {_TYPES[METADATA[field]]}")
    names: set[str] = set()
    for binding in metadata.get("bindings", []):
        fields = binding if isinstance(binding, dict) else {}
        name, type = fields.get("name"), fields.get("type")
        if not (isinstance(name, str) and name and isinstance(type, str) and type):
            raise ValidationError(f"a binding in {file} has no name or no type")
        if type in scripts.SECRETS and any(field in fields for field in _VALUES):
            hint = "deployments keep a script's secrets; set their values in Cloudflare's dashboard"
            raise ValidationError(f"{file} holds the value of the secret {name!r}", hint=hint)
        if name in names:
            raise ValidationError(f"{file} has two bindings called {name!r}")
        names.add(name)
    if "migrations" in metadata and not metadata["migrations"].get("new_tag"):
        hint = "the tag shows later deployments that the migration has run"
        raise ValidationError(f"the migrations in {file} have no new_tag", hint=hint)
