"""Publish: a snapshot is written in a hidden folder and renamed when it is complete.

exports/<account>/.partial-<pid>-<8 hex>/   while it is written
exports/<account>/<time>-<4 hex>/           when it is complete and synced to the disk
exports/<account>/latest                    a link to the newest complete one, updated last
exports/<account>/<time>-<4 hex>.<16 hex>.sqlite   its tables, if a query kept them; removed along with it
.opened-<pid>-<8 hex>/                      what is unpacked or fetched, removed when the line ends
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
from ops.snapshots.layout import KEPT, LATEST, PARTIAL
from ops.snapshots.sealed.passphrase import ByteSource
from ops.snapshots.writer import make_folders

PRUNED = ".pruned-"
OPENED = ".opened-"
_PIECE = 1 << 18
_MADE_BY = re.compile(r"(\d+)-[0-9a-f]{8}")


def hidden_name(prefix: str) -> str:
    """Return a new name of a folder of this process."""
    return f"{prefix}{os.getpid()}-{os.urandom(4).hex()}"


def leftovers(folder: Path, prefix: str) -> Iterator[Path]:
    """Yield what processes that have ended left in *folder* under names of *prefix*."""
    for path in folder.glob(f"{prefix}*"):
        match = _MADE_BY.fullmatch(path.name.removeprefix(prefix))
        if match and not disk.alive(int(match[1])):
            yield path


def prepare(parent: Path, now: float) -> Path:
    """Check that snapshots can be written into *parent*, and return it resolved.

    Raises DiskError if nothing can be written, or if another user could replace what is written. What
    killed runs left there more than a day ago (*now*: seconds since 1970) is removed.
    """
    disk.refuse_link(parent)
    parent = disk.private_folder(parent).resolve()
    found = parent.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise DiskError(f"{parent} belongs to another user", hint="name another folder")
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        hint = "`chmod o-w` removes that right, or name another folder"
        raise DiskError(f"all users can write to {parent}", hint=hint)
    disk.check_writable(parent)
    disk.sweep(parent, now=now)
    for leftover in leftovers(parent, PARTIAL):
        with suppress(OSError):
            if leftover.lstat().st_mtime < now - disk.DAY:
                _delete(leftover)
    return parent


@contextmanager
def partial(parent: Path, chance: Callable[[int], str]) -> Iterator[Path]:
    """Yield a private folder in *parent*, removed if it still exists then; *chance*: as token_hex."""
    folder = parent / f"{PARTIAL}{os.getpid()}-{chance(4)}"
    with disk.explained(folder):
        folder.mkdir(disk.PRIVATE_FOLDER)
    try:
        with disk.explained(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, parent: Path, name: Callable[[], str]) -> Path:
    """Move *folder* to the first unused *name* in *parent* and return its path. Raises DiskError."""
    while not moved(folder, target := parent / name()):
        continue
    return target


def moved(folder: Path, target: Path) -> bool:
    """Move *folder*, once it is on the disk, to *target*; False if that exists. Raises DiskError."""
    with disk.explained(target):
        for path in folder.rglob("*"):
            _sync(path)
        _sync(folder)
        if os.path.lexists(target):
            return False
        try:
            # If a snapshot appears now, this fails: a folder can replace only an empty folder.
            folder.rename(target)
        except OSError:
            if os.path.lexists(target):
                return False
            raise
        _sync(target.parent)
    return True


def point_latest(snapshot: Path) -> None:
    """Make `latest` next to *snapshot* point to it, atomically. Raises DiskError."""
    link = snapshot.parent / LATEST
    fresh = snapshot.parent / hidden_name(PARTIAL)
    with disk.explained(link):
        if link.exists() and not link.is_symlink():
            hint = "move it away: cfops links the newest snapshot here"
            raise DiskError(f"{link} is not a link", hint=hint)
        fresh.symlink_to(snapshot.name)
        fresh.replace(link)
        _sync(snapshot.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def removed(folder: Path, path: Path) -> bool:
    """Remove *path* from *folder*; False if another run has done so. Raises DiskError, Refused."""
    if path.parent != folder or path.is_symlink():
        raise Refused(f"{path} is not in {folder}")
    hidden = folder / hidden_name(PRUNED)
    with disk.explained(path):
        forget_kept(folder, path.name)
        try:
            path.rename(hidden)
        except FileNotFoundError:
            return False
        _delete(hidden)
    return True


def forget_kept(folder: Path, name: str) -> None:
    """Remove the databases that were kept beside the snapshot *name* in *folder*."""
    for file in folder.glob(f"{name}.*{KEPT}"):
        file.unlink(missing_ok=True)


def _delete(hidden: Path) -> None:
    if hidden.is_dir() and not hidden.is_symlink():
        shutil.rmtree(hidden)
    else:
        hidden.unlink()


def sweep(folder: Path) -> None:
    """Remove what killed runs have hidden in *folder*. Raises DiskError."""
    for hidden in leftovers(folder, PRUNED):
        with disk.explained(hidden):
            _delete(hidden)


def opened_folder(parent: Path) -> Path:
    """Return a new private folder in *parent*; those of processes that have ended are removed."""
    disk.private_folder(parent)
    for leftover in leftovers(parent, OPENED):
        discard(leftover)  # a link is left as it is
    folder = parent / hidden_name(OPENED)
    with disk.explained(folder):
        folder.mkdir(disk.PRIVATE_FOLDER)
    return folder


def discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def write_new(folder: Path, name: str, source: ByteSource | None) -> None:
    """Write the bytes of *source* to the new file *name* in *folder*. Raises DiskError, also if it exists."""
    target = folder / name
    with disk.explained(target):
        make_folders(folder, target.parent)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, disk.PRIVATE_FILE)
    with open(handle, "wb") as file:  # noqa: PTH123 (a Path cannot open a handle)
        while source is not None and (piece := source.read(_PIECE)):
            with disk.explained(target):
                file.write(piece)
        with disk.explained(target):
            file.flush()
