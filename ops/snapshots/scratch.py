"""Scratch: private folders for what is unpacked or fetched, removed when the line ends."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ops.files import disk
from ops.snapshots.publish import hidden_name, leftovers
from ops.snapshots.sealed.passphrase import ByteSource
from ops.snapshots.writer import make_folders

OPENED = ".opened-"
_PIECE = 1 << 18


def private(parent: Path) -> Path:
    """Return a new private folder in *parent*; those of processes that have ended are removed."""
    disk.private_folder(parent)
    for leftover in leftovers(parent, OPENED):
        remove(leftover)  # a link is left as it is
    folder = parent / hidden_name(OPENED)
    with disk.explained(folder):
        folder.mkdir(disk.PRIVATE_FOLDER)
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, name: str, source: ByteSource | None) -> None:
    """Write the bytes of *source* to the new file *name* in *folder*, a piece at a time.

    Raises DiskError, also if the file exists, and what *source* raises.
    """
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
