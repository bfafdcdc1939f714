"""Reading back: what was written is what the manifest says, before anybody is told that it is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ops.errors import DiskError
from ops.files.disk import failure
from ops.snapshots.manifest import Manifest
from ops.snapshots.writer import Stored

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


def measured(path: Path) -> Stored:
    """Return the size and the hash of a file, a piece in memory at a time. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Stored(size, digest.hexdigest())
