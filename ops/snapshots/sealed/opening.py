"""Open an encrypted snapshot: into a private folder, and only what a snapshot can be made of.

Whoever can write the file chooses what is in the archive, so nothing in it is taken on trust: names, kinds of
members, their number, and how much they unpack to. What fails leaves nothing behind.
"""

from __future__ import annotations

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, NamedTuple, Self

from ops.errors import Damaged, NotFound, Refused
from ops.snapshots import scratch
from ops.snapshots.manifest import FILE, load
from ops.snapshots.sealed import identities
from ops.snapshots.snapshot import Snapshot

_TOP = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_PIECE = 1 << 18
_LONGEST_HEADER = 1 << 16

Decrypt = Callable[[IO[bytes], IO[bytes]], None]


class Caps(NamedTuple):
    """How much an archive may unpack to: *ratio* times its own size, but *bytes* always; so many *files*."""

    files: int = 1_000_000
    bytes: int = 1 << 30
    ratio: int = 200


def unsealed(
    path: Path,
    identity: str,
    place: Path,
    caps: Caps = Caps(),  # noqa: B008 (it never changes)
    *,
    passphrase_file: str = "",
) -> Snapshot:
    """Open the snapshot *path* with the key in the file *identity*, or a passphrase; close() removes it.

    It is unpacked into a private folder in *place*. Raises UsageError where the key is wanting or does not
    fit, Damaged where the file was changed, Refused where it holds what no snapshot holds.
    """
    decrypt = identities.decryption(path, identity, passphrase_file)
    folder = scratch.private(place)
    try:
        top = _unpack(path, decrypt, folder, caps)
        return Snapshot(folder / top, load(folder / top), lambda: scratch.remove(folder))
    except NotFound as error:
        scratch.remove(folder)
        raise Damaged(f"{path} holds no snapshot: {error.message}") from None
    except BaseException:
        scratch.remove(folder)
        raise


def _unpack(path: Path, decrypt: Decrypt, folder: Path, caps: Caps) -> str:
    """Unpack *path* into *folder*; returns the name of the one folder that it held."""
    most = max(caps.bytes, path.stat().st_size * caps.ratio)
    try:
        with _plain(path, decrypt) as stream:
            capped = _Capped(gzip.GzipFile(fileobj=stream), most, path)
            top = _members(capped, folder, path, caps)
            while capped.read(_PIECE):
                continue
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Damaged(f"{path} is damaged: {error}") from None
    return top


@contextmanager
def _plain(path: Path, decrypt: Decrypt) -> Iterator[IO[bytes]]:
    """Return the plaintext of *path* as a stream; what went wrong in the decryption is raised at the end."""
    readable, writable = os.pipe()
    apart = _Decryption(path, decrypt, writable)
    apart.start()
    try:
        with open(readable, "rb") as stream:  # noqa: PTH123 (a Path cannot open a handle)
            yield stream
    except (OSError, EOFError, tarfile.TarError, zlib.error, Damaged):
        # The stream broke off because the decryption did: that is the better reason.
        apart.join()
        if apart.failure is not None and not isinstance(apart.failure, BrokenPipeError):
            raise apart.failure from None
        raise
    finally:
        apart.join()
    if apart.failure is not None:
        raise apart.failure


class _Decryption(Thread):
    """Writes the plaintext into a pipe; *failure* is what stopped it."""

    def __init__(self, path: Path, decrypt: Decrypt, writable: int) -> None:
        super().__init__(daemon=True)
        self._path, self._decrypt, self._writable = path, decrypt, writable
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with self._path.open("rb") as source, open(self._writable, "wb") as target:  # noqa: PTH123 (a handle)
                self._decrypt(source, target)
        except Exception as error:
            self.failure = error


class _Capped:
    """A stream that may not give more than *most* bytes."""

    def __init__(self, stream: Any, most: int, path: Path) -> None:
        self._stream, self._left, self._path = stream, most, path

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(
                f"{self._path} unpacks to far more than a file of its size should",
                hint="open it by hand if you trust it: age --decrypt --identity KEY.txt FILE | tar -xz",
            )
        return data


class _Member(tarfile.TarInfo):
    """A member whose long names and further headers, which tarfile reads into memory whole, are short."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) and member.size > _LONGEST_HEADER:
            raise Refused("the archive holds a header larger than any that a snapshot needs")
        return member


def _members(stream: _Capped, folder: Path, path: Path, caps: Caps) -> str:
    top, count = "", 0
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:  # type: ignore[call-overload]  # reads alone
        for member in archive:
            count += 1
            first, _, inside = member.name.removeprefix("./").partition("/")
            top = top or first
            if count > caps.files or first != top or not _fit(member, first, inside):
                raise Refused(f"{path} holds what no snapshot holds: {member.name[:80]!r}")
            if member.isreg():
                scratch.write(folder, f"{top}/{inside}", archive.extractfile(member))
    return top


def _fit(member: tarfile.TarInfo, top: str, inside: str) -> bool:
    """True if a member is a file or folder of a snapshot, by its type and its name.

    A sparse file passes for a regular one, and a few bytes of it unpack to as many as its header says.
    """
    if not _TOP.fullmatch(top):
        return False
    if member.isdir():
        return not inside or bool(FILE.fullmatch(inside))
    return member.isreg() and not member.issparse() and bool(FILE.fullmatch(inside))
