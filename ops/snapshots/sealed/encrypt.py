"""Encrypt: pack a snapshot into one encrypted file that the `age` program opens.

    age --decrypt --identity key.txt SNAPSHOT.tar.gz.age | tar --extract --gzip

Everything is streamed: tar, then gzip, then age. Only a few pieces are in memory at a time, and no plaintext
is on disk except the folder that is packed.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ops.errors import Interrupted, UsageError
from ops.snapshots.sealed import passphrase
from ops.snapshots.sealed.passphrase import Passphrase

_PIECE = 1 << 18
_GZIP = 31  # in zlib: the largest window, with a gzip header


def recipients(keys: Iterable[str]) -> list[Any]:
    """Return pyrage's recipients for keys (`age1…`) or files of keys; raises UsageError for others."""
    from pyrage import RecipientError, x25519  # type: ignore[import-untyped]  # it ships no types

    found = []
    for key in (key.strip() for given in keys for key in _keys(given)):
        try:
            found.append(x25519.Recipient.from_str(key))
        except RecipientError:
            # It may be the secret key, so it is not repeated.
            raise UsageError(
                f"--encrypt-to takes a public key that begins with age1, not with {key[:4]!r}",
                hint="`age-keygen` creates a key pair; use its public key",
            ) from None
    return found


def _keys(given: str) -> list[str]:
    if given.strip().startswith("age1") or not Path(given).is_file():
        return [given]
    with suppress(OSError):
        if keys := passphrase.key_lines(Path(given)):
            return keys
    raise UsageError(f"{given} contains no age public keys", hint="one per line, each begins with age1")


def pack(folder: Path, name: str, target: IO[bytes], to: list[Any] | Passphrase) -> None:
    """Write *folder* as *name* to *target*, encrypted *to* recipients or a passphrase. Raises OSError."""
    stream = _Stream(archive(folder, name), target)

    def encrypt() -> None:
        if isinstance(to, Passphrase):
            passphrase.encrypt(stream, stream, to.secret)
            return
        from pyrage import EncryptError, encrypt_io

        try:
            encrypt_io(stream, stream, to)
        except EncryptError:
            # age reports only the text of a failure on this side; callers expect the failure itself.
            if stream.failure is not None:
                raise stream.failure from None
            raise

    # In a separate thread, because age's code would swallow a Ctrl-C that arrives inside it.
    with ThreadPoolExecutor(1) as executor:
        try:
            executor.submit(encrypt).result()
        except BaseException:
            stream.stopped = True
            raise


class _Stream:
    """The source and target of the encryption, and the failure of either."""

    def __init__(self, pieces: Iterator[bytes], target: IO[bytes]) -> None:
        self.stopped = False
        self.failure: Exception | None = None
        self._pieces, self._target = pieces, target
        self._rest = b""

    def read(self, size: int) -> bytes:
        try:
            if self.stopped:
                raise Interrupted("the encryption was stopped")
            while not self._rest:
                self._rest = next(self._pieces)
        except StopIteration:
            return b""
        except Exception as error:
            self.failure = error
            raise
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def write(self, data: bytes) -> int:
        try:
            return self._target.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._target.flush()


def archive(folder: Path, name: str) -> Iterator[bytes]:
    """Yield *folder* as a .tar.gz in which it is called *name*; equal folders give equal bytes."""
    compressor = zlib.compressobj(wbits=_GZIP)
    for piece in _members(folder, name):
        yield compressor.compress(piece)
    yield compressor.flush()


def _members(folder: Path, name: str) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        member = f"{name}/{path.relative_to(folder).as_posix()}"
        if path.is_dir():
            yield _header(member, tarfile.DIRTYPE, 0o700, 0)
            continue
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield _header(member, tarfile.REGTYPE, 0o600, size)
            while piece := file.read(_PIECE):
                yield piece
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(member: str, type: bytes, mode: int, size: int) -> bytes:
    # No times: the manifest has better ones.
    info = tarfile.TarInfo(member)
    info.type, info.mode, info.size = type, mode, size
    return info.tobuf(tarfile.GNU_FORMAT)
