"""Removal: a snapshot in a folder is hidden under another name first, so that what is seen is whole."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from ops.errors import Refused
from ops.files import disk

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
