"""Open an encrypted snapshot with a secret key or a passphrase, into a private folder.

Anyone who can write the file controls the archive, so nothing in it is trusted: names, member types, their
number, and the unpacked size are checked. A failure leaves nothing behind.
"""

from __future__ import annotations

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from ops.errors import Damaged, NotFound, Refused, UsageError
from ops.files import disk
from ops.snapshots.manifest import FILE, load
from ops.snapshots.publish import discard, opened_folder, write_new
from ops.snapshots.sealed import passphrase
from ops.snapshots.snapshot import Snapshot

_TOP = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_PIECE = 1 << 18
_LONGEST_HEADER = 1 << 16

Decrypt = Callable[[IO[bytes], IO[bytes]], None]


class Caps(NamedTuple):
    """Limits for unpacking: *files*, and *ratio* times the size of the archive, but at least *bytes*."""

    files: int = 1_000_000
    bytes: int = 1 << 30
    ratio: int = 200


def unsealed(
    path: Path,
    identity: str,
    parent: Path,
    caps: Caps = Caps(),  # noqa: B008 (it never changes)
    *,
    passphrase_file: str = "",
) -> Snapshot:
    """Return the snapshot *path*, opened with the key in the file *identity*, or a passphrase.

    It is unpacked into a private folder in *parent*, which close() removes. Raises UsageError if the key is
    missing or wrong, Damaged if the file was changed, Refused if it contains anything else than a snapshot.
    """
    decrypt = decryption(path, identity, passphrase_file)
    folder = opened_folder(parent)
    try:
        top = _unpack(path, decrypt, folder, caps)
        return Snapshot(folder / top, load(folder / top), lambda: discard(folder))
    except NotFound as error:
        discard(folder)
        raise Damaged(f"{path} does not contain a snapshot: {error.message}") from None
    except BaseException:
        discard(folder)
        raise


def require_key(where: Path | str, identity: str, passphrase_file: str) -> None:
    """Raise UsageError unless exactly one key is named for the snapshot at *where*; nothing is read."""
    if identity and passphrase_file:
        raise UsageError("use --identity or --passphrase-file, not both")
    if not identity and not passphrase_file:
        hint = "open it with --identity KEY.txt or --passphrase-file FILE"
        raise UsageError(f"{where} is encrypted", hint=hint)


def read_keys(file: Path) -> list[Any]:
    """Return the secret keys in *file*; raises UsageError, which repeats no key, if it has none."""
    from pyrage import IdentityError, x25519  # type: ignore[import-untyped]  # it ships no types

    try:
        keys = passphrase.key_lines(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint="--identity takes a file") from None
    try:
        if keys:
            return [x25519.Identity.from_str(key) for key in keys]
    except IdentityError:
        pass
    raise UsageError(
        f"{file} is not an age identity: it must contain lines that begin with AGE-SECRET-KEY-",
        hint="`age-keygen --output KEY.txt` creates one",
    )


def decryption(path: Path, identity: str, passphrase_file: str) -> Decrypt:
    """Return a function that decrypts the snapshot *path* with the keys in *identity*, or the passphrase.

    Raises UsageError unless exactly one is named; the function raises it if none fits, and Damaged if the
    file was changed.
    """
    require_key(path, identity, passphrase_file)
    if not passphrase_file:
        return _key_decryption(path, read_keys(Path(identity)))
    known = passphrase.read(Path(passphrase_file))

    def decrypt(source: IO[bytes], target: IO[bytes]) -> None:
        try:
            passphrase.decrypt(source, target, known.secret)
        except UsageError as error:
            raise UsageError(f"{path}: {error.message}", hint=error.hint) from None
        except Damaged as error:
            raise Damaged(f"{path} is damaged: {error.message}") from None

    return decrypt


def _key_decryption(path: Path, keys: list[Any]) -> Decrypt:
    from pyrage import DecryptError, decrypt_io

    def decrypt(source: IO[bytes], target: IO[bytes]) -> None:
        try:
            decrypt_io(source, target, keys)
        except DecryptError as error:
            if "No matching keys" in str(error):
                hint = "use --identity with another key; a passphrase needs --passphrase-file"
                raise UsageError(f"{path} was not encrypted for this key", hint=hint) from None
            raise Damaged(f"{path} is damaged or not an age file: {error}") from None
        except OSError as error:
            # A failure of the system has a number; age's failure for a changed piece has none.
            if error.errno is not None:
                raise
            raise Damaged(f"{path} is damaged: {error}") from None

    return decrypt


def _unpack(path: Path, decrypt: Decrypt, folder: Path, caps: Caps) -> str:
    limit = max(caps.bytes, path.stat().st_size * caps.ratio)
    try:
        with _plain(path, decrypt) as stream:
            capped = _Capped(gzip.GzipFile(fileobj=stream), limit, path)
            top = _members(capped, folder, path, caps)
            while capped.read(_PIECE):
                continue
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Damaged(f"{path} is damaged: {error}") from None
    return top


@contextmanager
def _plain(path: Path, decrypt: Decrypt) -> Iterator[IO[bytes]]:
    """Yield the plaintext of *path* as a stream; a failure of the decryption is raised at the end."""
    readable, writable = os.pipe()

    def write() -> None:
        with open(writable, "wb") as target, disk.open_regular(path) as source:  # noqa: PTH123 (a handle)
            decrypt(source, target)

    with ThreadPoolExecutor(1) as executor:
        decryption = executor.submit(write)
        try:
            with open(readable, "rb") as stream:  # noqa: PTH123 (a Path cannot open a handle)
                yield stream
        except (OSError, EOFError, tarfile.TarError, zlib.error, Damaged):
            # The stream ended because the decryption failed: its failure is the better reason.
            failure = decryption.exception()
            if failure is not None and not isinstance(failure, BrokenPipeError):
                raise failure from None
            raise
    decryption.result()


class _Capped:
    """A stream that raises Refused after *limit* bytes."""

    def __init__(self, stream: Any, limit: int, path: Path) -> None:
        self._stream, self._left, self._path = stream, limit, path

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            hint = "if you trust it, open it by hand: age --decrypt --identity KEY.txt FILE | tar -xz"
            raise Refused(f"{self._path} unpacks to far more than its size allows", hint=hint)
        return data


class _Member(tarfile.TarInfo):
    """A member with short extended headers, which tarfile reads into memory as a whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) and member.size > _LONGEST_HEADER:
            raise Refused("the archive has a larger header than any snapshot needs")
        return member


def _members(stream: _Capped, folder: Path, path: Path, caps: Caps) -> str:
    top, count = "", 0
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:  # type: ignore[call-overload]  # reads alone
        for member in archive:
            count += 1
            first, _, inside = member.name.removeprefix("./").partition("/")
            top = top or first
            if count > caps.files or first != top or not _fit(member, first, inside):
                raise Refused(f"{path} is not a snapshot: it contains {member.name[:80]!r}")
            if member.isreg():
                write_new(folder, f"{top}/{inside}", archive.extractfile(member))
    return top


def _fit(member: tarfile.TarInfo, top: str, inside: str) -> bool:
    """True if a member is a file or folder of a snapshot, by its type and its name.

    A sparse file is not: tarfile reports it as regular, and a few bytes unpack to any size.
    """
    if not _TOP.fullmatch(top):
        return False
    if member.isdir():
        return not inside or bool(FILE.fullmatch(inside))
    return member.isreg() and not member.issparse() and bool(FILE.fullmatch(inside))
