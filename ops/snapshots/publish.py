"""Publish: a snapshot is made in a hidden folder and moved into its place whole, or not at all.

exports/<account>/.partial-<pid>-<8 hex>/   while it is made
exports/<account>/<time>-<4 hex>/           when it is whole and on the disk
exports/<account>/latest                    a link to the newest complete one, moved last
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ops.errors import DiskError, Refused
from ops.files import disk
from ops.snapshots.layout import LATEST, PARTIAL

_PARTIAL = re.compile(re.escape(PARTIAL) + r"(\d+)-[0-9a-f]{8}")
_STICKY_OR_OWN = "`chmod o-w` takes the right away, or name another folder"


def prepare(place: Path, now: float) -> Path:
    """Make sure that snapshots can be put in *place*; returns it resolved.

    Raises DiskError where nothing can be written, Refused where another user could replace what is
    written. What killed runs left there a day ago (*now*: seconds since 1970) is removed.
    """
    disk.refuse_link(place)
    place = disk.private_folder(place).resolve()
    _refuse_shared(place)
    disk.check_writable(place)
    disk.sweep(place, now=now)
    _sweep(place, now - disk.DAY)
    return place


def _refuse_shared(place: Path) -> None:
    found = place.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise Refused(f"{place} belongs to another user", hint="name a folder of your own")
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise Refused(f"everybody can write in {place}", hint=_STICKY_OR_OWN)


@contextmanager
def partial(place: Path, chance: Callable[[int], str]) -> Iterator[Path]:
    """Return a private folder in *place*; what is still there when the block ends is removed.

    *chance* gives so many random bytes in hex, as secrets.token_hex does.
    """
    folder = place / f"{PARTIAL}{os.getpid()}-{chance(4)}"
    with disk.explained(folder):
        folder.mkdir(disk.PRIVATE_FOLDER)
    try:
        with disk.explained(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, place: Path, name: Callable[[], str]) -> Path:
    """Move *folder* to the first *name* in *place* that nothing has; gives where. Raises DiskError."""
    while not moved(folder, target := place / name()):
        continue
    return target


def moved(folder: Path, target: Path) -> bool:
    """Move *folder*, once all of it is on the disk, to *target*; False where something is there.

    Raises DiskError.
    """
    with disk.explained(target):
        _settle(folder)
        if os.path.lexists(target):
            return False
        try:
            # Were a snapshot put there just now: a folder can replace only an empty one, and none is.
            folder.rename(target)
        except OSError:
            if os.path.lexists(target):
                return False
            raise
        _sync(target.parent)
    return True


def point_latest(snapshot: Path) -> None:
    """Make `latest` beside *snapshot* lead to it, in one step. Raises DiskError."""
    link = snapshot.parent / LATEST
    fresh = snapshot.parent / f"{PARTIAL}{os.getpid()}-{os.urandom(4).hex()}"
    with disk.explained(link):
        if link.exists() and not link.is_symlink():
            raise DiskError(
                f"{link} is not a link", hint="move it away: it is where the newest snapshot is found"
            )
        fresh.symlink_to(snapshot.name)
        fresh.replace(link)
        _sync(snapshot.parent)


def _settle(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(place: Path, before: float) -> None:
    for leftover in place.glob(f"{PARTIAL}*"):
        match = _PARTIAL.fullmatch(leftover.name)
        with suppress(FileNotFoundError):
            if match and leftover.lstat().st_mtime < before and not disk.alive(int(match[1])):
                _remove(leftover)


def _remove(leftover: Path) -> None:
    with suppress(OSError):
        if leftover.is_symlink():
            leftover.unlink()
        else:
            shutil.rmtree(leftover)


PRUNED = ".pruned-"
_LEFT = re.compile(re.escape(PRUNED) + r"(\d+)-[0-9a-f]{8}")


def removed(folder: Path, path: Path) -> bool:
    """Remove *path*, which has to lie in *folder*; False where another run was faster.

    Raises DiskError, Refused.
    """
    if path.parent != folder or path.is_symlink():
        raise Refused(f"{path} does not lie in {folder}")
    hidden = folder / f"{PRUNED}{os.getpid()}-{os.urandom(4).hex()}"
    with disk.explained(path):
        try:
            path.rename(hidden)
        except FileNotFoundError:
            return False
        _delete(hidden)
    return True


def _delete(hidden: Path) -> None:
    if hidden.is_dir() and not hidden.is_symlink():
        shutil.rmtree(hidden)
    else:
        hidden.unlink()


def sweep(folder: Path) -> None:
    """Remove what a killed run has hidden in *folder*. Raises DiskError."""
    for hidden in folder.glob(f"{PRUNED}*"):
        match = _LEFT.fullmatch(hidden.name)
        if match and not disk.alive(int(match[1])):
            with disk.explained(hidden):
                _delete(hidden)
