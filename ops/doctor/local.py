"""Checks without a request: the files of settings, the folders that are written to, the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ops.doctor.findings import Finding
from ops.errors import DiskError
from ops.files.disk import check_writable
from ops.ui.cells import readable_size

if TYPE_CHECKING:
    from ops.config.settings import Settings

LITTLE, TOO_LITTLE = 1 << 30, 50 << 20


def check_local(settings: Settings) -> Iterator[Finding]:
    """Yield the findings about this machine."""
    from ops.config.private import READABLE_BY_OTHERS, WRITABLE_BY_OTHERS
    from ops.config.settings import dotenv_files

    for file in dotenv_files(settings.project, settings.config_dir):
        yield _file(".env", file, READABLE_BY_OTHERS)
    yield _import_name(settings.project)
    yield _file("profiles", settings.config_dir / "profiles.toml", WRITABLE_BY_OTHERS)
    if settings.profile:
        origin = settings.origins.get("profile", "")
        yield Finding("profile", "ok", f"{settings.profile} is used ({origin})")
    if settings.credentials.kind != "none":
        yield Finding("token source", "ok", f"from {settings.credentials.origin}")
    yield from _plugins()
    for note in settings.notes:
        yield Finding("variables", "warn", note, "`inv config` shows the values used")
    if not settings.notes:
        yield Finding("variables", "ok", "none is misspelt, deprecated or overridden")
    folders = ("exports", "CFOPS_EXPORTS", settings.exports), ("state", "CFOPS_STATE_DIR", settings.state_dir)
    for check, setting, folder in folders:
        existing = _existing(folder)
        finding = Finding(check, "ok", f"{folder} can be {'written' if existing == folder else 'created'}")
        try:
            check_writable(existing)
        except DiskError as error:
            text = error.message if existing == folder else f"{folder} cannot be created: {error.message}"
            hint = error.hint.replace("name another folder", f"set {setting} to another folder")
            finding = Finding(check, "fail", text, hint if setting in hint else f"{hint}; or set {setting}")
        yield finding
    yield disk_space(settings.exports, shutil.disk_usage(_existing(settings.exports)).free)


def _plugins() -> Iterator[Finding]:
    """Yield a finding about each plugin that is enabled, as the metadata say: none is loaded."""
    from ops.plugins.door import DOOR

    if (choice := DOOR.choice) is None:
        return
    for plugin in choice.plugins:
        yield Finding("plugin", "ok", f"{plugin.distribution} {plugin.version} brings {plugin.name}")
    for off in choice.off:
        yield Finding("plugin", "warn", f"{off.distribution} is off: {off.why}", off.hint)
    for text in choice.warnings:
        yield Finding("plugin", "warn", text, "`inv docs --page plugins`")


def _import_name(project: Path) -> Finding:
    """Return the finding about a package `ops` of the project, which `inv` would import instead."""
    other, ours = project / "ops" / "__init__.py", Path(__file__).parents[1] / "__init__.py"
    tasks = project / "tasks.py"
    safe = tasks.is_file() and "from cfops import" in tasks.read_text(encoding="utf-8", errors="replace")
    if other.exists() and not other.samefile(ours) and not safe:
        hint = "write `from cfops import collection` in tasks.py, or use `cfops`"
        return Finding("import name", "warn", f"{other.parent} hides cfops from `inv`", hint)
    return Finding("import name", "ok", f"no package named ops in {project} hides cfops")


def _file(check: str, file: Path, forbidden: int) -> Finding:
    from ops.config.private import weakness

    if not file.exists():
        return Finding(check, "ok", f"{file} does not exist")
    if problem := weakness(file, forbidden):
        return Finding(check, "warn", f"{file} {problem}", f"`chmod 600 {file}`")
    return Finding(check, "ok", f"{file} is read; other users cannot access it")


def _existing(folder: Path) -> Path:
    """Return *folder*, or its nearest parent that exists."""
    return next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))


def disk_space(folder: Path, free: int) -> Finding:
    """Return the finding for *free* bytes on the disk of *folder*."""
    text = f"{readable_size(free)} free for {folder}"
    if free < TOO_LITTLE:
        return Finding("disk space", "fail", text, "free some space, or set CFOPS_EXPORTS to another disk")
    return Finding("disk space", "warn" if free < LITTLE else "ok", text)
