"""Scratch: private folders for what is unpacked or fetched while a line runs, and nothing longer."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ops.files import disk

OPENED = ".opened-"
_LEFT = re.compile(re.escape(OPENED) + r"(\d+)-[0-9a-f]{8}")
_PIECE = 1 << 18


class Readable(Protocol):
    """What gives bytes, at most *size* at a time, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


def private(place: Path) -> Path:
    """Make a folder of this process in *place*, and remove those of processes that are gone."""
    disk.private_folder(place)
    for leftover in place.glob(f"{OPENED}*"):
        match = _LEFT.fullmatch(leftover.name)
        if match and not leftover.is_symlink() and not disk.alive(int(match[1])):
            remove(leftover)
    folder = place / f"{OPENED}{os.getpid()}-{os.urandom(4).hex()}"
    with disk.explained(folder):
        folder.mkdir(disk.PRIVATE_FOLDER)
    return folder


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, name: str, source: Readable | None) -> None:
    """Write what *source* gives to the new file *name* in *folder*, a piece in memory at a time.

    Raises DiskError, for a name that is there already too, and what *source* raises.
    """
    target = folder / name
    with disk.explained(target):
        _make_folders(folder, target.parent)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, disk.PRIVATE_FILE)
    with open(handle, "wb") as file:  # noqa: PTH123 (a Path cannot open a handle)
        while source is not None and (piece := source.read(_PIECE)):
            with disk.explained(target):
                file.write(piece)


def _make_folders(root: Path, folder: Path) -> None:
    if folder != root:
        _make_folders(root, folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(disk.PRIVATE_FOLDER)
