"""Fetch a snapshot out of a bucket into a private folder, where it is read and then removed.

Whoever can write into the bucket chooses what lies there, so nothing is taken on trust: only what the
manifest names is asked for, only as many bytes as it tells are written, and another hash is damage.
"""

from __future__ import annotations

import io
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

from ops.errors import Damaged, DiskError, NotFound
from ops.offsite.moving import moved
from ops.snapshots import scratch
from ops.snapshots.layout import MANIFEST
from ops.snapshots.manifest import LARGEST, load
from ops.snapshots.sealed import identities
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.writer import StoredFile

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App
    from ops.offsite.bucket import Bucket
    from ops.snapshots.snapshot import Entry

_SHOWN = 20


def fetch(
    app: App, bucket: Bucket, prefix: str, entry: Entry, identity: str, passphrase_file: str
) -> Snapshot:
    """Fetch *entry*, which lies below *prefix*, and open it; close() removes it from this machine.

    Raises Damaged, naming the first file that is not what was written, and what `unsealed` raises.
    """
    folder = scratch.private(app.settings.state_dir)
    try:
        if entry.sealed:
            return _sealed(app, bucket, prefix, entry, folder, identity, passphrase_file)
        return _plain(app, bucket, f"{prefix}{entry.path.name}/", entry, folder)
    except BaseException:
        scratch.remove(folder)
        raise


def _plain(app: App, bucket: Bucket, prefix: str, entry: Entry, folder: Path) -> Snapshot:
    there = [object.key.removeprefix(prefix) for object in bucket.objects(prefix)]
    files = entry.manifest.files if entry.manifest else {}
    _check_room(folder, sum(stored.bytes for stored in files.values()))
    scratch.write(folder, f"{entry.name}/{MANIFEST}", io.BytesIO(bucket.get(f"{prefix}{MANIFEST}", LARGEST)))
    manifest = load(folder / entry.name)
    if manifest != entry.manifest:
        raise Damaged(f"{entry.where}/{MANIFEST} was changed while it was read")
    fetching = _Fetching(bucket, prefix, folder, entry.name)
    _judge(app, entry, [told for told in moved(app, "fetch", fetching.file, sorted(files.items())) if told])
    return Snapshot(
        folder / entry.name,
        manifest,
        lambda: scratch.remove(folder),
        where=entry.where,
        # Some programs mark a folder by an object whose name ends in a slash.
        strays=tuple(name for name in there if name not in {*files, MANIFEST} and not name.endswith("/")),
    )


def _judge(app: App, entry: Entry, problems: list[str]) -> None:
    """Raise Damaged where there are *problems*, with the first; more of them are warned of."""
    for told in problems[1:_SHOWN]:
        app.warn(told)
    if problems:
        raise Damaged(
            f"{entry.where} is damaged: {problems[0]}",
            hint="where it is whole on a machine, `inv snapshots.push` sends what has changed once more",
        )


def _sealed(
    app: App,
    bucket: Bucket,
    prefix: str,
    entry: Entry,
    folder: Path,
    identity: str,
    passphrase_file: str,
) -> Snapshot:
    from ops.snapshots.sealed.opening import unsealed

    identities.require(entry.where, identity, passphrase_file)
    _check_room(folder, entry.size)
    name = entry.path.name
    stored = StoredFile(entry.size, bucket.hash_of(f"{prefix}{name}"))
    fetching = _Fetching(bucket, prefix, folder)
    _judge(app, entry, [told for told in moved(app, "fetch", fetching.file, [(name, stored)]) if told])
    opened = unsealed(folder / name, identity, folder, passphrase_file=passphrase_file)
    (folder / name).unlink()
    opened.where, opened.close = entry.where, lambda: scratch.remove(folder)
    return opened


class _Fetching:
    """Fetches files below *prefix* into *folder*, there into the folder *inside* if that is named."""

    def __init__(self, bucket: Bucket, prefix: str, folder: Path, inside: str = "") -> None:
        self._bucket, self._prefix = bucket, prefix
        self._folder, self._inside = folder, f"{inside}/" if inside else ""

    def file(self, named: tuple[str, StoredFile]) -> str:
        """Fetch one file; returns what is wrong with it, "" where it is what was written."""
        name, stored = named
        try:
            return self._bucket.again(lambda: self._read(name, stored))
        except NotFound:
            return f"{name}: is missing"

    def _read(self, name: str, stored: StoredFile) -> str:
        target = self._folder / f"{self._inside}{name}"
        target.unlink(missing_ok=True)
        with self._bucket.reading(f"{self._prefix}{name}") as (stream, size):
            if size not in (-1, stored.bytes):
                return f"{name}: has {size:,} bytes, not {stored.bytes:,}"
            measured = _Measured(stream, stored.bytes)
            scratch.write(self._folder, f"{self._inside}{name}", measured)
        if measured.left < 0:
            return f"{name}: has more than {stored.bytes:,} bytes"
        if stored.sha256 not in ("", measured.digest.hexdigest()):
            return f"{name}: is not what was written (its SHA-256 differs)"
        return ""


class _Measured:
    """A stream that hashes what it gives, and ends where it would give more than *most* bytes."""

    def __init__(self, stream: scratch.Readable, most: int) -> None:
        self._stream, self.left = stream, most
        self.digest = sha256()

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            return b""
        self.digest.update(data)
        return data


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DiskError(
            f"{folder.parent} has room for {free:,} bytes, and {size:,} are to be fetched",
            hint="CFOPS_STATE_DIR names another folder",
        )
