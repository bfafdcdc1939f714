"""age files encrypted with a passphrase, as a stream: pyrage needs the whole plaintext in memory.

The format is https://age-encryption.org/v1: a header whose scrypt stanza wraps the file key and whose HMAC
authenticates it, then the payload in pieces of 64 KiB, each encrypted with ChaCha20-Poly1305 and a counter,
the last one marked.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from ops.errors import Damaged, UsageError
from ops.files.disk import open_regular

WORK = 17  # 128 MiB for a moment, half of what age uses, because exports run on small machines
MOST_WORK = 21  # a file may ask for more work than this machine has memory
PIECE = 64 << 10

_TAG = 16
_LONGEST_LINE = 4096
_LARGEST_KEY_FILE = 1 << 20
_MAGIC = b"age-encryption.org/v1\n"
_STANZA = re.compile(rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n")
_BODY = re.compile(rb"([A-Za-z0-9+/]{43})\n")
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


class ByteSource(Protocol):
    """A source of bytes: a read may return fewer than requested, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


class ByteTarget(Protocol):
    """A target for bytes."""

    def write(self, data: bytes, /) -> int: ...


class Passphrase:
    """A passphrase that is never printed."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return "Passphrase(***)"


def read(file: Path) -> Passphrase:
    """Return the passphrase on the first line of *file*; raises UsageError if it has none."""
    try:
        with open_regular(file) as source:
            secret = source.readline(_LONGEST_LINE).rstrip(b"\r\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if not secret:
        raise UsageError(f"{file} has no passphrase on its first line")
    return Passphrase(secret)


def key_lines(file: Path) -> list[str]:
    """Return the lines of *file* with a key: no comments, and none if it is not text. Raises OSError."""
    with open_regular(file) as source:
        text = source.read(_LARGEST_KEY_FILE)
    with suppress(UnicodeDecodeError):
        lines = [line.strip() for line in text.decode().splitlines()]
        return [line for line in lines if line and not line.startswith("#")]
    return []


def encrypt(source: ByteSource, target: ByteTarget, secret: bytes, work: int = WORK) -> None:
    """Write the bytes of *source* to *target*, encrypted with the passphrase *secret*."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapped = _cipher(_stretched(secret, salt, work))(bytes(12), file_key, None)
    header = _MAGIC + b"-> scrypt %s %d\n%s\n---" % (_encoded(salt), work, _encoded(wrapped))
    target.write(header + b" " + _encoded(_mac(file_key, header)) + b"\n" + nonce)
    seal = _cipher(_derived(file_key, nonce, b"payload"))
    for counter, piece in _numbered(source, PIECE):
        target.write(seal(counter, piece, None))


def decrypt(source: IO[bytes], target: ByteTarget, secret: bytes) -> None:
    """Write the plaintext of *source* to *target*, piece by piece, each authenticated before it is written.

    Raises UsageError if *secret* does not open it, Damaged if it was changed or is not such a file.
    """
    from cryptography.exceptions import InvalidTag

    file_key = _file_key(source, secret)
    nonce = _exactly(source, 16)
    if len(nonce) < 16:
        raise Damaged("it is cut off")
    unseal = _cipher(_derived(file_key, nonce, b"payload"), opens=True)
    try:
        for counter, piece in _numbered(source, PIECE + _TAG):
            target.write(unseal(counter, piece, None))
    except InvalidTag:
        raise Damaged("a part of it was changed, or its end is missing") from None


def _file_key(source: IO[bytes], secret: bytes) -> bytes:
    """Read the header and return the key that it wraps, after the header is authenticated."""
    from cryptography.exceptions import InvalidTag

    lines = [source.readline(_LONGEST_LINE) for _ in range(4)]
    stanza, body, end = _STANZA.fullmatch(lines[1]), _BODY.fullmatch(lines[2]), _END.fullmatch(lines[3])
    if lines[0] != _MAGIC:
        raise Damaged("it is not an age file")
    if lines[1].startswith(b"-> ") and not lines[1].startswith(b"-> scrypt "):
        raise UsageError("it was encrypted to public keys", hint="use --identity KEY.txt")
    if not stanza or not body or not end or int(stanza[2]) > MOST_WORK:
        raise Damaged("its header is not valid for a passphrase, or its work factor is too high")
    key = _stretched(secret, _decoded(stanza[1]), int(stanza[2]))
    try:
        file_key = _cipher(key, opens=True)(bytes(12), _decoded(body[1]), None)
    except InvalidTag:
        hint = "use --passphrase-file with another"
        raise UsageError("this passphrase does not open it", hint=hint) from None
    if not hmac.compare_digest(_mac(file_key, b"".join(lines[:3]) + b"---"), _decoded(end[1])):
        raise Damaged("its header was changed")
    return file_key


def _numbered(source: ByteSource, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield (nonce, piece) for each piece of *size* bytes; the nonce marks the last."""
    piece, number = _exactly(source, size), 0
    while following := _exactly(source, size):
        yield number.to_bytes(11, "big") + b"\0", piece
        piece, number = following, number + 1
    yield number.to_bytes(11, "big") + b"\1", piece


def _exactly(source: ByteSource, size: int) -> bytes:
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


def _encoded(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    """Return base64 without padding decoded; raises Damaged for a non-canonical encoding."""
    data = b64decode(text + b"=" * (-len(text) % 4))
    if _encoded(data) != text:
        raise Damaged("its header differs from what age writes")
    return data
