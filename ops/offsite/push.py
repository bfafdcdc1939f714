"""Push a snapshot into a bucket: its files, and the manifest last, so an unfinished upload is not a snapshot.

Objects that exist with the same size and hash are not sent again, so an interrupted push is resumed. An
encrypted snapshot is one object, which S3 shows completely or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ops.cli.app import App
from ops.errors import ApiError, Damaged, Refused, UsageError
from ops.offsite.bucket import Bucket, BucketPrefix, transfer
from ops.snapshots.layout import MANIFEST, account_folder, is_encrypted_name, is_snapshot_name
from ops.snapshots.manifest import load, measured
from ops.snapshots.writer import StoredFile


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
    bucket = Bucket(place.bucket, app.settings, app.stop)
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
