"""Pack a snapshot into one encrypted file that the `age` program opens.

    age --decrypt --identity key.txt SNAPSHOT.tar.gz.age | tar --extract --gzip

Everything is streamed: tar, then gzip, then age, never more than a few pieces in memory and no plaintext
on disk but the folder that is packed.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from ops.errors import Interrupted, UsageError
from ops.snapshots.sealed import passphrase
from ops.snapshots.sealed.passphrase import Passphrase

ENDING = ".tar.gz.age"
PARTIAL_ENDING = f".partial{ENDING}"
_PIECE = 1 << 18
_GZIP = 31  # zlib's word for "the largest window, with a gzip header"


def recipients(keys: Iterable[str]) -> list[Any]:
    """Return pyrage's recipients for public keys (`age1…`), or files that hold one a line, as age reads them.

    Raises UsageError for anything else.
    """
    return [_recipient(key.strip()) for given in keys for key in _keys(given)]


def _keys(given: str) -> list[str]:
    """Return the keys that *given* names: itself, or the lines of a file but for comments."""
    if given.strip().startswith("age1") or not Path(given).is_file():
        return [given]
    try:
        lines = [line.strip() for line in Path(given).read_text().splitlines()]
    except (OSError, UnicodeDecodeError):
        lines = []
    if keys := [line for line in lines if line and not line.startswith("#")]:
        return keys
    raise UsageError(f"{given} holds no age public keys", hint="one a line, each begins with age1")


def _recipient(key: str) -> Any:
    from pyrage import RecipientError, x25519  # type: ignore[import-untyped]  # it ships no types

    try:
        return x25519.Recipient.from_str(key)
    except RecipientError:
        # What was given may be the secret key, so it is not repeated.
        raise UsageError(
            f"--encrypt-to takes a public key that begins with age1, not one that begins with {key[:4]!r}",
            hint="`age-keygen` makes a pair; give its public key",
        ) from None


def pack(folder: Path, name: str, target: IO[bytes], to: list[Any] | Passphrase) -> None:
    """Write *folder*, called *name* inside, to *target*, encrypted *to* the recipients or a passphrase.

    Raises OSError where reading or writing fails, and whatever interrupts the wait.
    """
    stream = _Stream(archive(folder, name), target)
    # In a thread of its own: age's code would swallow a Ctrl-C that arrives inside it.
    with ThreadPoolExecutor(1) as apart:
        try:
            apart.submit(_encrypt, stream, to).result()
        except BaseException:
            stream.stopped = True
            raise


def _encrypt(stream: _Stream, to: list[Any] | Passphrase) -> None:
    if isinstance(to, Passphrase):
        passphrase.encrypt(stream, stream, to.secret)
        return
    from pyrage import EncryptError, encrypt_io

    try:
        encrypt_io(stream, stream, to)
    except EncryptError:
        # age tells only the text of what failed on this side; the failure itself is what callers know.
        if stream.failure is not None:
            raise stream.failure from None
        raise


class _Stream:
    """Both ends of the encryption: what it reads, what it writes to, and what went wrong there."""

    def __init__(self, pieces: Iterator[bytes], target: IO[bytes]) -> None:
        self.stopped = False
        self.failure: Exception | None = None
        self._pieces, self._target = pieces, target
        self._rest = b""

    def read(self, size: int) -> bytes:
        try:
            if self.stopped:
                raise Interrupted("the encryption has been stopped")
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
    return _squeezed(_members(folder, name))


def _squeezed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(wbits=_GZIP)
    for piece in pieces:
        yield squeeze.compress(piece)
    yield squeeze.flush()


def _members(folder: Path, name: str) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        member = f"{name}/{path.relative_to(folder).as_posix()}"
        if path.is_dir():
            yield _header(member, tarfile.DIRTYPE, 0o700, 0)
        else:
            yield from _file(path, member)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _file(path: Path, member: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        yield _header(member, tarfile.REGTYPE, 0o600, size)
        while piece := file.read(_PIECE):
            yield piece
    yield bytes(-size % tarfile.BLOCKSIZE)


def _header(member: str, type: bytes, mode: int, size: int) -> bytes:
    # No times: they would only tell what the manifest tells better.
    info = tarfile.TarInfo(member)
    info.type, info.mode, info.size = type, mode, size
    return info.tobuf(tarfile.GNU_FORMAT)
