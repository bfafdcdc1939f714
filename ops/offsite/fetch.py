"""Fetch a snapshot from a bucket into a private folder, which is removed when the line ends.

Anyone who can write to the bucket controls its objects, so nothing is trusted: only the files in the manifest
are requested, only as many bytes as it says are written, and another hash is damage.
"""

from __future__ import annotations

import io
import shutil
from hashlib import sha256
from pathlib import Path

from ops.cli.app import App
from ops.errors import Damaged, DiskError, NotFound
from ops.offsite.bucket import Bucket, transfer
from ops.snapshots.layout import MANIFEST
from ops.snapshots.library import Entry
from ops.snapshots.manifest import LARGEST, load
from ops.snapshots.publish import discard, opened_folder, write_new
from ops.snapshots.sealed.passphrase import ByteSource
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.writer import StoredFile

_SHOWN = 20


def fetch(
    app: App, bucket: Bucket, prefix: str, entry: Entry, identity: str, passphrase_file: str
) -> Snapshot:
    """Return *entry* from below *prefix*; close() removes it. Raises Damaged, and what `unsealed` raises."""
    folder = opened_folder(app.settings.state_dir)
    try:
        if entry.sealed:
            return _fetch_encrypted(app, bucket, prefix, entry, folder, identity, passphrase_file)
        return _fetch_folder(app, bucket, f"{prefix}{entry.path.name}/", entry, folder)
    except BaseException:
        discard(folder)
        raise


def _fetch_folder(app: App, bucket: Bucket, prefix: str, entry: Entry, folder: Path) -> Snapshot:
    found = [object.key.removeprefix(prefix) for object in bucket.objects(prefix)]
    files = entry.manifest.files if entry.manifest else {}
    _check_space(folder, sum(stored.bytes for stored in files.values()))
    write_new(folder, f"{entry.name}/{MANIFEST}", io.BytesIO(bucket.get(f"{prefix}{MANIFEST}", LARGEST)))
    manifest = load(folder / entry.name)
    if manifest != entry.manifest:
        raise Damaged(f"{entry.where}/{MANIFEST} was changed while it was read")
    _Fetching(bucket, prefix, folder, entry.name).all(app, entry.where, sorted(files.items()))
    return Snapshot(
        folder / entry.name,
        manifest,
        lambda: discard(folder),
        where=entry.where,
        # Some programs mark a folder with an object whose name ends in a slash.
        strays=tuple(name for name in found if name not in {*files, MANIFEST} and not name.endswith("/")),
    )


def _fetch_encrypted(
    app: App, bucket: Bucket, prefix: str, entry: Entry, folder: Path, identity: str, passphrase_file: str
) -> Snapshot:
    from ops.snapshots.sealed.opening import require_key, unsealed

    require_key(entry.where, identity, passphrase_file)
    _check_space(folder, entry.size)
    name = entry.path.name
    stored = StoredFile(entry.size, bucket.hash_of(f"{prefix}{name}"))
    _Fetching(bucket, prefix, folder).all(app, entry.where, [(name, stored)])
    opened = unsealed(folder / name, identity, folder, passphrase_file=passphrase_file)
    (folder / name).unlink()
    opened.where, opened.close = entry.where, lambda: discard(folder)
    return opened


class _Fetching:
    """Fetches files below *prefix* into *folder*, or into the folder *inside* in it."""

    def __init__(self, bucket: Bucket, prefix: str, folder: Path, inside: str = "") -> None:
        self._bucket, self._prefix = bucket, prefix
        self._folder, self._inside = folder, f"{inside}/" if inside else ""

    def all(self, app: App, where: str, files: list[tuple[str, StoredFile]]) -> None:
        """Fetch *files*. Raises Damaged if one differs from what was written."""
        problems = [problem for problem in transfer(app, "fetch", self._file, files) if problem]
        for problem in problems[1:_SHOWN]:
            app.warn(problem)
        if problems:
            hint = "from a machine with an intact copy, `inv snapshots.push` sends the changed files again"
            raise Damaged(f"{where} is damaged: {problems[0]}", hint=hint)

    def _file(self, named: tuple[str, StoredFile]) -> str:
        """Fetch one file; return its problem, "" if it is what was written."""
        name, stored = named
        try:
            return self._bucket.retried(lambda: self._read(name, stored))
        except NotFound:
            return f"{name}: is missing"

    def _read(self, name: str, stored: StoredFile) -> str:
        target = self._folder / f"{self._inside}{name}"
        target.unlink(missing_ok=True)
        with self._bucket.reading(f"{self._prefix}{name}") as (stream, size):
            if size not in (-1, stored.bytes):
                return f"{name}: has {size:,} bytes, not {stored.bytes:,}"
            measured = _Measured(stream, stored.bytes)
            write_new(self._folder, f"{self._inside}{name}", measured)
        if measured.left < 0:
            return f"{name}: has more than {stored.bytes:,} bytes"
        if stored.sha256 not in ("", measured.digest.hexdigest()):
            return f"{name}: differs from what was written (its SHA-256 differs)"
        return ""


class _Measured:
    """A stream that hashes what is read, and ends after *most* bytes."""

    def __init__(self, stream: ByteSource, most: int) -> None:
        self._stream, self.left = stream, most
        self.digest = sha256()

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            return b""
        self.digest.update(data)
        return data


def _check_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        hint = "set CFOPS_STATE_DIR to another folder"
        raise DiskError(f"{folder.parent} has {free:,} bytes free, but the snapshot has {size:,}", hint=hint)
