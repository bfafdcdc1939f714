"""Push a snapshot into a bucket: each file of it, and the manifest last, so that a half upload is none.

What is there already with the same size and hash is not sent again: a push that was interrupted goes on where
it was. An encrypted snapshot is one object, which S3 shows whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import ApiError, Damaged, Refused, UsageError
from ops.offsite.bucket import Bucket
from ops.offsite.moving import moved
from ops.snapshots import names
from ops.snapshots.layout import MANIFEST, account_folder
from ops.snapshots.manifest import load
from ops.snapshots.verify.verify import measured

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.offsite.address import Place
    from ops.snapshots.writer import StoredFile


class Piece(NamedTuple):
    """A file that becomes an object: the key, the file, and what the file has to be."""

    key: str
    file: Path
    stored: StoredFile


class Pushed(NamedTuple):
    """What a push came to: the address, the objects there, how many were sent now, and their bytes."""

    address: str
    objects: int
    sent: int
    bytes: int


def push(app: App, place: Place, path: Path, account_id: str) -> Pushed:
    """Send the snapshot *path*, a folder or an encrypted file, to *place*; under a dry run nothing is sent.

    Raises UsageError where nothing would know it by its name, Damaged where it is not what was written,
    Refused where another one has its name there, and what the bucket raises.
    """
    if not (names.is_sealed(path.name) if path.is_file() else names.is_folder(path.name)):
        raise UsageError(
            f"{path.name} is no name of a snapshot, so nothing would find it in the bucket",
            hint="give it back the name that it had: its time, and four digits",
        )
    bucket = Bucket(place.bucket, app.settings, app.stop)
    base = place.key(account_folder(account_id), path.name)
    *pieces, last = _pieces(path, base)
    sending = _Sending(bucket, base)
    missing = [
        piece
        for piece, there in app.parallel(sending.look, [last, *pieces], at_once=app.settings.workers)
        if not there
    ]
    done = Pushed(
        f"s3://{place.bucket}/{base}",
        len(pieces) + 1,
        len(missing),
        sum(piece.stored.bytes for piece in missing),
    )
    if app.dry:
        app.note(f"dry run: {done.sent} of {done.objects} objects would be sent to {done.address}")
        return done
    for _ in moved(app, "push", sending.send, [piece for piece in missing if piece is not last]):
        continue
    sending.check(pieces)
    if last in missing:
        sending.send(last)
    return done


def _pieces(path: Path, base: str) -> list[Piece]:
    """Return what becomes an object each; the last is what makes it a snapshot. Raises Damaged."""
    if path.is_file():
        return [Piece(base, path, _measured(path))]
    files = load(path).files
    pieces = [Piece(f"{base}/{name}", path / name, stored) for name, stored in sorted(files.items())]
    return [*pieces, Piece(f"{base}/{MANIFEST}", path / MANIFEST, _measured(path / MANIFEST))]


class _Sending:
    """Sends pieces below the key *base*."""

    def __init__(self, bucket: Bucket, base: str) -> None:
        self._bucket, self._base = bucket, base
        self._sizes = self._listed()

    def _listed(self) -> dict[str, int]:
        """Return what is there: the object itself, and what lies in the folder of that name."""
        found = self._bucket.objects(self._base)
        return {
            at.key: at.size for at in found if at.key == self._base or at.key.startswith(f"{self._base}/")
        }

    def look(self, piece: Piece) -> tuple[Piece, bool]:
        """True if *piece* is there as it is here. Raises Refused for a manifest that is another."""
        if piece.key not in self._sizes:
            return piece, False
        same = self._sizes[piece.key] == piece.stored.bytes
        same = same and self._bucket.hash_of(piece.key) == piece.stored.sha256
        if not same and piece.file.name == MANIFEST:
            raise Refused(
                f"another snapshot has the name {self._base} in the bucket",
                hint="look at both: `inv snapshots.show`",
            )
        return piece, same

    def send(self, piece: Piece) -> None:
        """Send *piece*; raises Damaged where its file is not what was written."""
        if _measured(piece.file) != piece.stored:
            raise Damaged(
                f"{piece.file} is damaged: it is not what was written", hint="`inv snapshots.verify`"
            )
        self._bucket.put(piece.key, piece.file, piece.stored)

    def check(self, pieces: list[Piece]) -> None:
        """Raise ApiError where one of *pieces* is not there, or has another size."""
        sizes = self._listed()
        for piece in pieces:
            if sizes.get(piece.key) != piece.stored.bytes:
                raise ApiError(
                    f"{piece.key} was sent, and is not in the bucket as it was sent",
                    hint="does something else delete there? push it once more",
                )


def _measured(file: Path) -> StoredFile:
    try:
        return measured(file)
    except OSError as problem:
        raise Damaged(f"{file} cannot be read: {problem.strerror}", hint="`inv snapshots.verify`") from None
