"""Identities: the secret keys that open encrypted snapshots, read from files as `age-keygen` writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from ops.errors import Damaged, UsageError
from ops.snapshots.sealed import passphrase
from ops.snapshots.sealed.passphrase import Passphrase

_LARGEST = 1 << 20
_BEGINNING = "AGE-SECRET-KEY-"


def decryption(path: Path, identity: str, passphrase_file: str) -> Callable[[IO[bytes], IO[bytes]], None]:
    """Return what decrypts the snapshot *path* with the keys in the file *identity*, or the passphrase.

    Raises UsageError where neither is given, or both; what it gives raises that where none fits, and Damaged
    where the file was changed.
    """
    require(path, identity, passphrase_file)
    if passphrase_file:
        return _by_passphrase(path, passphrase.read(Path(passphrase_file)))
    keys = read(Path(identity))

    def decrypt(source: IO[bytes], target: IO[bytes]) -> None:
        _decrypt(path, keys, source, target)

    return decrypt


def require(where: Path | str, identity: str, passphrase_file: str) -> None:
    """Raise UsageError unless one thing is named that may open the snapshot at *where*; nothing is read."""
    if identity and passphrase_file:
        raise UsageError("--identity or --passphrase-file, not both")
    if not identity and not passphrase_file:
        raise UsageError(
            f"{where} is encrypted", hint="--identity KEY.txt opens it, or --passphrase-file FILE"
        )


def _by_passphrase(path: Path, known: Passphrase) -> Callable[[IO[bytes], IO[bytes]], None]:
    def decrypt(source: IO[bytes], target: IO[bytes]) -> None:
        try:
            passphrase.decrypt(source, target, known.secret)
        except UsageError as error:
            raise UsageError(f"{path}: {error.message}", hint=error.hint) from None
        except Damaged as error:
            raise Damaged(f"{path} is damaged: {error.message}") from None

    return decrypt


def read(file: Path) -> list[Any]:
    """Read the secret keys of *file*; raises UsageError for a file that has none. No key is ever repeated."""
    from pyrage import IdentityError, x25519  # type: ignore[import-untyped]  # it ships no types

    lines = [line.strip() for line in _text(file).splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        if keys:
            return [x25519.Identity.from_str(key) for key in keys]
    except IdentityError:
        pass
    raise UsageError(
        f"{file} is no age identity: it takes lines that begin with {_BEGINNING}",
        hint="`age-keygen --output KEY.txt` makes one",
    )


def _text(file: Path) -> str:
    try:
        with file.open("rb") as source:
            return source.read(_LARGEST).decode()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint="--identity takes a file") from None
    except UnicodeDecodeError:
        return ""


def _decrypt(path: Path, keys: list[Any], source: IO[bytes], target: IO[bytes]) -> None:
    from pyrage import DecryptError, decrypt_io

    try:
        decrypt_io(source, target, keys)
    except DecryptError as error:
        if "No matching keys" in str(error):
            raise UsageError(
                f"{path} was not encrypted to this identity",
                hint="--identity names another key; one for a passphrase takes --passphrase-file",
            ) from None
        raise Damaged(f"{path} is damaged or not an age file: {error}") from None
    except OSError as error:
        # What the system reports has a number; age's word for a changed piece has none.
        if error.errno is not None:
            raise
        raise Damaged(f"{path} is damaged: {error}") from None
