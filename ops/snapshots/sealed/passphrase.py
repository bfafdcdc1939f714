"""age files for a passphrase, as a stream: pyrage does this only with all of the plaintext in memory.

The format is https://age-encryption.org/v1: a header whose scrypt stanza wraps the file key and whose HMAC
proves it whole, then the payload in pieces of 64 KiB, each sealed with ChaCha20-Poly1305 under a counter, the
last one marked.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

from ops.errors import Damaged, UsageError

WORK = 17  # 128 MiB for a moment, half of what age takes: an export has to fit into small machines
MOST_WORK = 21  # a file may ask for more work than this machine has memory
PIECE = 64 << 10

_TAG = 16
_LONGEST_LINE = 4096
_MAGIC = b"age-encryption.org/v1\n"
_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n")
_BODY = re.compile(rb"([A-Za-z0-9+/]{43})\n")
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


class ByteSource(Protocol):
    """What is read from; it may give less than it is asked for, and nothing at its end."""

    def read(self, size: int, /) -> bytes: ...


class ByteTarget(Protocol):
    """What is written to."""

    def write(self, data: bytes, /) -> int: ...


class Passphrase:
    """A passphrase that shows itself nowhere."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return "Passphrase(***)"


def read(file: Path) -> Passphrase:
    """Read the passphrase on the first line of *file*; raises UsageError for a file that has none."""
    try:
        with file.open("rb") as source:
            secret = source.readline(_LONGEST_LINE).rstrip(b"\r\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if not secret:
        raise UsageError(f"{file} has no passphrase on its first line")
    return Passphrase(secret)


def encrypt(source: ByteSource, target: ByteTarget, secret: bytes, work: int = WORK) -> None:
    """Write what *source* gives to *target*, sealed with the passphrase *secret*."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapped = _cipher(_stretched(secret, salt, work))(bytes(12), file_key, None)
    header = _MAGIC + b"-> scrypt %s %d\n%s\n---" % (_told(salt), work, _told(wrapped))
    target.write(header + b" " + _told(_mac(file_key, header)) + b"\n" + nonce)
    seal = _cipher(_derived(file_key, nonce, b"payload"))
    for counter, piece in _numbered(source, PIECE):
        target.write(seal(counter, piece, None))


def decrypt(source: IO[bytes], target: ByteTarget, secret: bytes) -> None:
    """Write the plaintext of *source* to *target*, piece by piece, each proven before it is written.

    Raises UsageError where *secret* does not open it, Damaged where it was changed or is no such file.
    """
    from cryptography.exceptions import InvalidTag

    file_key = _file_key(source, secret)
    nonce = _exactly(source, 16)
    if len(nonce) < 16:
        raise Damaged("it ends too early")
    unseal = _cipher(_derived(file_key, nonce, b"payload"), opens=True)
    try:
        for counter, piece in _numbered(source, PIECE + _TAG):
            target.write(unseal(counter, piece, None))
    except InvalidTag:
        raise Damaged("a piece of it was changed, or its end is missing") from None


def _file_key(source: IO[bytes], secret: bytes) -> bytes:
    """Read the header and give the key that it wraps, once the header has proven to be whole."""
    from cryptography.exceptions import InvalidTag

    lines = [source.readline(_LONGEST_LINE) for _ in range(4)]
    stanza, body, end = _STANZA.fullmatch(lines[1]), _BODY.fullmatch(lines[2]), _END.fullmatch(lines[3])
    if lines[0] != _MAGIC:
        raise Damaged("it is no age file")
    if lines[1].startswith(b"-> ") and not lines[1].startswith(b"-> scrypt "):
        raise UsageError("it was encrypted to public keys", hint="--identity KEY.txt opens it")
    if not stanza or not body or not end or int(stanza[2]) > MOST_WORK:
        raise Damaged("its header is not one for a passphrase, or asks for too much work")
    key = _stretched(secret, _decoded(stanza[1]), int(stanza[2]))
    try:
        file_key = _cipher(key, opens=True)(bytes(12), _decoded(body[1]), None)
    except InvalidTag:
        raise UsageError("this passphrase does not open it", hint="--passphrase-file names another") from None
    if not hmac.compare_digest(_mac(file_key, b"".join(lines[:3]) + b"---"), _decoded(end[1])):
        raise Damaged("its header was changed")
    return file_key


def _numbered(source: ByteSource, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the nonce of each piece of *size* bytes, and the piece; the nonce marks the last."""
    piece, number = _exactly(source, size), 0
    while following := _exactly(source, size):
        yield number.to_bytes(11, "big") + b"\0", piece
        piece, number = following, number + 1
    yield number.to_bytes(11, "big") + b"\1", piece


def _exactly(source: ByteSource, size: int) -> bytes:
    """Read *size* bytes, fewer only at the end."""
    pieces, left = [], size
    while left and (piece := source.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _cipher(key: bytes, *, opens: bool = False) -> Callable[[bytes, bytes, None], bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    cipher = ChaCha20Poly1305(key)
    return cipher.decrypt if opens else cipher.encrypt


def _stretched(secret: bytes, salt: bytes, work: int) -> bytes:
    cost = 1 << work
    label = b"age-encryption.org/v1/scrypt"
    return hashlib.scrypt(
        secret, salt=label + salt, n=cost, r=8, p=1, maxmem=1100 * cost + (1 << 20), dklen=32
    )


def _derived(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt, info).derive(file_key)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")


def _told(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    """Decode base64 without padding; raises Damaged for a second way to write the same bytes."""
    data = b64decode(text + b"=" * (-len(text) % 4))
    if _told(data) != text:
        raise Damaged("its header is not as age writes it")
    return data
