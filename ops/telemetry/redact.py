"""Remove secrets from text, by value (old tokens have no pattern) and by pattern."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus, unquote_to_bytes

HIDDEN = "[hidden]"
DATA = ("value", "metadata")
"""The options whose values are data and may be secret."""
# Shorter values would match ordinary words.
SHORTEST = 6

_PATTERNS = (
    r"cf(?:ut|at|k|oat)_[A-Za-z0-9_-]{8,}",
    r"sandbox_[A-Za-z0-9_-]{8,}",
    r"(?<=[Bb]earer )[^\s\"',;]{8,}",
    r"(?<=[Bb]earer%20)[A-Za-z0-9_-]{8,}",
)

# How often what is kept is decoded: the token may be in base64 that is itself encoded.
_LAYERS = 6
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_MARKED = bytes(65 if byte in _LETTERS else 32 for byte in range(256))
_PIECE = 1 << 20
_STANDARD = bytes.maketrans(b"-_", b"+/")
_CODE = re.compile(rb"\\+u([0-9A-Fa-f]{4})")


class Redactor:
    """Replace *secrets* in text: as they are, and in URLs, base64, hex and JSON."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._in_bytes = tuple(form.encode("utf-8", "surrogatepass") for form in forms)
        # Most data has no run of letters that is long enough for a form of a secret, or for its base64.
        self._others = tuple(form for form in self._in_bytes if form.translate(None, _LETTERS))
        lengths = (len(form) for form in self._in_bytes if form not in self._others)
        self._run = min(lengths, default=SHORTEST)
        # Of two with the same beginning the longer one comes first, so that its rest is replaced too.
        exact = (re.escape(form) for form in sorted(forms, reverse=True))
        self._find = re.compile("|".join((*exact, *_PATTERNS)))

    def __repr__(self) -> str:
        return "<Redactor>"

    def __call__(self, text: str) -> str:
        return self._find.sub(HIDDEN, text)

    def in_bytes(self, content: bytes) -> bytes:
        """Return *content* with secrets replaced; it need not be valid text."""
        return self(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def holds(self, value: Any) -> bool:
        """True if a text or bytes anywhere in *value* contain a secret; patterns do not count.

        Escapes of JSON and URLs, base64 with line ends and further layers of base64 and hex are decoded.
        """
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
        if isinstance(value, bytes):
            return bool(self._in_bytes) and self._within(value, _LAYERS)
        if isinstance(value, dict):
            return any(self.holds(part) for pair in value.items() for part in pair)
        return isinstance(value, list | tuple) and any(map(self.holds, value))

    def _within(self, data: bytes, layers: int) -> bool:
        # In pieces, because a value of 25 MiB is not copied.
        pieces = (data[at : at + _PIECE + self._run] for at in range(0, len(data), _PIECE))
        runs = any(b"A" * self._run in piece.translate(_MARKED) for piece in pieces)
        if any(form in data for form in (self._in_bytes if runs else self._others)):
            return True
        if not layers:
            return False
        if (plain := _unescaped(data)) != data:
            return self._within(plain, layers - 1)
        found = re.findall(rb"[A-Za-z0-9+/_-]{%d,}" % self._run, data) if runs else ()
        return any(self._within(inner, layers - 1) for run in found for inner in _decoded(run))

    def hidden(self, value: Any) -> Any:
        """Return *value* with HIDDEN in place of every text, bytes or key that contains a secret."""
        if isinstance(value, dict):
            return {self.hidden(name): self.hidden(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.hidden(part) for part in value]
        if not self.holds(value):
            return value
        return HIDDEN if isinstance(value, str) else HIDDEN.encode()


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield raw.hex()
    yield raw.hex().upper()
    # In base64, *shift* bytes in, the part that does not depend on the bytes around it.
    for shift, first in enumerate((0, 2, 3)):
        last, padded = (shift + len(raw)) * 8 // 6, bytes(shift) + raw
        yield base64.b64encode(padded).decode()[first:last]
        yield base64.urlsafe_b64encode(padded).decode()[first:last]


def _unescaped(data: bytes) -> bytes:
    """Return *data* without its outermost escapes of JSON or URLs, or else without line ends."""
    plain = unquote_to_bytes(data) if b"%" in data else data
    escaped = b"\\" in plain
    if escaped and b"\\u" in plain:
        plain = _CODE.sub(lambda code: chr(int(code[1], 16)).encode("utf-8", "surrogatepass"), plain)
    if plain == data and (escaped or 0 <= data.find(b"\n") < len(data) - 1):
        return data.replace(b"\\n", b"").replace(b"\\r", b"").translate(None, b"\\\r\n")
    return plain


def _decoded(run: bytes) -> Iterator[bytes]:
    """Yield what *run*, letters of base64 or hex, may stand for."""
    whole = run[: len(run) - (len(run) % 4 == 1)].translate(_STANDARD)
    yield base64.b64decode(whole + b"=" * (-len(whole) % 4))
    with suppress(ValueError):
        yield bytes.fromhex(run[: len(run) // 2 * 2].decode())
