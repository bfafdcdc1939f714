"""Verify a snapshot offline: every file is there, is what was written, and says what the manifest says.

Streaming: of the items only the ids of those that own or are linked to are kept in memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ops.errors import DiskError
from ops.files.disk import failure
from ops.kinds.resource import Resource
from ops.snapshots.layout import MANIFEST
from ops.snapshots.manifest import Manifest
from ops.snapshots.verify import items
from ops.snapshots.verify import items as verify_links
from ops.snapshots.writer import StoredFile

_PIECE = 1 << 20


def check(folder: Path, manifest: Manifest) -> None:
    """Read every file of the snapshot in *folder* again; raises DiskError for one that has changed."""
    for name, stored in manifest.files.items():
        path = folder / name
        try:
            found = measured(path)
        except OSError as problem:
            raise failure(problem, path) from None
        if found != stored:
            raise DiskError(
                f"{name} reads back as {found.bytes:,} bytes, not the {stored.bytes:,} that were written"
                if found.bytes != stored.bytes
                else f"{name} does not read back as it was written",
                hint="the disk may be failing: `dmesg`, `smartctl`; nothing was put in place",
            )


def measured(path: Path) -> StoredFile:
    """Return the size and the hash of a file, a piece in memory at a time. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return StoredFile(size, digest.hexdigest())


class Verdict(NamedTuple):
    """What was found: *damage* by file, and *warnings* about broken links and items with a twin."""

    damage: list[str]
    warnings: list[str]


def verify(folder: Path, manifest: Manifest, resources: Mapping[str, Resource], most: int = 1000) -> Verdict:
    """Check the snapshot in *folder*; at most *most* of each are kept, and the last then says so.

    Links are looked at only where nothing is damaged. Raises OSError for what cannot be read.
    """
    twins: list[str] = []
    damage = _first(most, _damage(folder, manifest, resources, twins.append))
    links = [] if damage else _first(most, verify_links.dangling(folder, manifest, resources))
    return Verdict(damage, twins + links)


def _first(most: int, told: Iterator[str]) -> list[str]:
    kept: list[str] = []
    for number, text in enumerate(told, 1):
        if number > most:
            return [*kept, f"and more: {most} are shown"]
        kept.append(text)
    return kept


def _damage(
    folder: Path, manifest: Manifest, resources: Mapping[str, Resource], warn: Callable[[str], None]
) -> Iterator[str]:
    there = dict(_tree(folder, ""))
    for name in sorted(there.keys() - manifest.files.keys() - {MANIFEST}):
        yield f"{name}: {there[name] or 'is not in the manifest'}"
    whole = set()
    for name, stored in sorted(manifest.files.items()):
        problem = _differs(folder, name, stored, there)
        if problem:
            yield f"{name}: {problem}"
        else:
            whole.add(name)
    yield from items.problems(folder, manifest, resources, whole, warn)


def _tree(folder: Path, inside: str) -> Iterator[tuple[str, str]]:
    """Yield each name under *folder* with what is odd about it; links are named, never followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_symlink():
                yield name, "is a link"
            elif entry.is_dir():
                yield from _folder(folder / entry.name, name)
            else:
                yield name, "" if entry.is_file(follow_symlinks=False) else "is no file"


def _folder(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    empty = True
    for found in _tree(folder, f"{name}/"):
        empty = False
        yield found
    if empty:
        yield name, "is an empty folder"


def _differs(folder: Path, name: str, stored: StoredFile, there: Mapping[str, str]) -> str:
    """Say in what the file is not the one that was written; "" where it is."""
    if name not in there:
        return "is missing"
    if there[name]:
        return there[name]
    digest, size = hashlib.sha256(), 0
    handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123 (a Path cannot open a handle)
        if (found := os.fstat(handle).st_size) != stored.bytes:
            return f"has {found:,} bytes, not {stored.bytes:,}"
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return "" if digest.hexdigest() == stored.sha256 else "is not what was written (its SHA-256 differs)"
