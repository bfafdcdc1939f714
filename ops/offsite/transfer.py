"""Fetch a snapshot from a bucket into a private folder, removed when the line ends, and push one into it.

Anyone who can write to the bucket controls its objects, so nothing is trusted: only the files in the manifest
are requested, only as many bytes as it says are written, and another hash is damage. The manifest is pushed
last, so an unfinished upload is not a snapshot. Objects that exist with the same size and hash are not sent
again, so an interrupted push is resumed. An encrypted snapshot is one object, which S3 shows completely or
not at all.
"""

from __future__ import annotations

import io
import shutil
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ops.cli.app import App
from ops.errors import ApiError, Damaged, DiskError, NotFound, Refused, UsageError
from ops.offsite.bucket import Bucket, BucketPrefix, transfer
from ops.snapshots.layout import MANIFEST, account_folder, is_encrypted_name, is_snapshot_name
from ops.snapshots.library import Entry
from ops.snapshots.manifest import LARGEST, load, measured
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


class Piece(NamedTuple):
    """A file that becomes an object: the key, the file, and its expected size and hash."""

    key: str
    file: Path
    stored: StoredFile


class Pushed(NamedTuple):
    """The result of a push: the address, the number of objects, how many were sent, and their bytes."""

    address: str
    objects: int
    sent: int
    bytes: int


def push(app: App, place: BucketPrefix, path: Path, account_id: str) -> Pushed:
    """Send the snapshot *path*, a folder or an encrypted file, to *place*; a dry run sends nothing.

    Raises UsageError if its name is not that of a snapshot, Damaged if it differs from what was written,
    Refused if another snapshot has its name there, and the errors of the bucket.
    """
    if not (is_encrypted_name(path.name) if path.is_file() else is_snapshot_name(path.name)):
        raise UsageError(
            f"{path.name} is not a name of a snapshot, so it would not be found in the bucket",
            hint="restore its original name: its time, and four hex digits",
        )
    bucket = Bucket(place.bucket, app.settings, app.stop, app.talk.log)
    base = place.key(account_folder(account_id), path.name)
    *pieces, last = _pieces(path, base)
    upload = _Upload(bucket, base)
    found = app.parallel(upload.find, [last, *pieces], at_once=app.settings.workers)
    missing = [piece for piece, exists in found if not exists]
    size = sum(piece.stored.bytes for piece in missing)
    done = Pushed(f"s3://{place.bucket}/{base}", len(pieces) + 1, len(missing), size)
    if app.dry:
        app.note(f"dry run: {done.sent} of {done.objects} objects would be sent to {done.address}")
        return done
    for _ in transfer(app, "push", upload.send, [piece for piece in missing if piece is not last]):
        continue
    upload.check(pieces)
    if last in missing:
        upload.send(last)
    return done


def _pieces(path: Path, base: str) -> list[Piece]:
    """Return the files that become objects; the last one completes the snapshot. Raises Damaged."""
    if path.is_file():
        return [Piece(base, path, _measured(path))]
    files = load(path).files
    pieces = [Piece(f"{base}/{name}", path / name, stored) for name, stored in sorted(files.items())]
    return [*pieces, Piece(f"{base}/{MANIFEST}", path / MANIFEST, _measured(path / MANIFEST))]


class _Upload:
    """Sends pieces below the key *base*."""

    def __init__(self, bucket: Bucket, base: str) -> None:
        self._bucket, self._base = bucket, base
        self._sizes = self._listed()

    def _listed(self) -> dict[str, int]:
        found = self._bucket.objects(self._base)
        return {at.key: at.size for at in found if f"{at.key}/".startswith(f"{self._base}/")}

    def find(self, piece: Piece) -> tuple[Piece, bool]:
        """Return *piece*, and True if the bucket has the same. Raises Refused for a different manifest."""
        if piece.key not in self._sizes:
            return piece, False
        same = self._sizes[piece.key] == piece.stored.bytes
        same = same and self._bucket.hash_of(piece.key) == piece.stored.sha256
        if not same and piece.file.name == MANIFEST:
            hint = "compare both with `inv snapshots.show`"
            raise Refused(f"another snapshot has the name {self._base} in the bucket", hint=hint)
        return piece, same

    def send(self, piece: Piece) -> None:
        """Send *piece*; raises Damaged if its file differs from what was written."""
        if _measured(piece.file) != piece.stored:
            text = f"{piece.file} is damaged: it differs from what was written"
            raise Damaged(text, hint="`inv snapshots.verify`")
        self._bucket.put(piece.key, piece.file, piece.stored)

    def check(self, pieces: list[Piece]) -> None:
        """Raise ApiError if one of *pieces* is missing, or has another size."""
        sizes = self._listed()
        for piece in pieces:
            if sizes.get(piece.key) != piece.stored.bytes:
                raise ApiError(
                    f"{piece.key} was sent, but it is missing or has another size in the bucket",
                    hint="does something else delete objects there? push it again",
                )


def _measured(file: Path) -> StoredFile:
    try:
        return measured(file)
    except OSError as problem:
        raise Damaged(f"{file} cannot be read: {problem.strerror}", hint="`inv snapshots.verify`") from None
