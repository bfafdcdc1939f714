"""Canaries: secrets that tests give to runs, and the search for them in all that runs leave behind.

Every test has its own folders searched when it ends, and what `inv` printed as soon as it has; see
`tests/conftest.py`. The spellings are worked out here, apart from those that the program hides.
"""

from __future__ import annotations

import base64
import secrets
import sqlite3
import string
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

TOKEN = "cfut_" + "Zq7" * 13 + "Z" + "a1b2c3d4"
"""The token of the stubbed wire, and a secret like any other."""
SANDBOX_TOKEN = "sandbox_" + "Zq7" * 13 + "x"
"""The token of clients whose server is a few lines of the test."""

CONFIGURED_TOKEN = "cfut_" + "Ca7nary9Zq" * 4 + "a1b2c3d4"
"""The token of the tests that are about settings."""

ALPHABET = string.ascii_letters + string.digits
KEEPERS = ("sandbox.sqlite", "sandbox.sqlite-wal", "sandbox.sqlite-shm")
"""The sandbox's own state: it stands for Cloudflare and knows its tokens."""

MUCH = 4 << 20
"""So much of a file is searched. Only values of the size limit are larger, and they are the tests' own."""


class Leak(NamedTuple):
    """A secret that was found: where, which, how it was spelt."""

    where: str
    secret: str
    spelling: str


def made(prefix: str = "") -> str:
    """Make a secret that was never one: 40 characters by chance, behind *prefix*."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(40))


def spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ways in which *secret* may be written, with their names."""
    raw = secret.encode()
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "URL", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "URL", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "JSON", "".join(f"\\u{byte:04x}" for byte in raw).encode()
    yield "JSON", "".join(f"\\u{byte:04X}" for byte in raw).encode()
    for shift in range(3):
        yield f"base64, {shift} in", _inner(base64.b64encode(bytes(shift) + raw), shift, len(raw))


def _inner(encoded: bytes, shift: int, length: int) -> bytes:
    """Give the part of *encoded* that no neighbour of the secret has a share in."""
    return encoded[-(-shift * 8 // 6) : (shift + length) * 8 // 6]


class Canaries:
    """The secrets of a test run. *wanted* may grow while tests make new ones."""

    def __init__(self, wanted: Iterable[str] = ()) -> None:
        self._forms: list[tuple[bytes, str, str]] = []
        for secret in wanted:
            self.add(secret)

    def add(self, secret: str) -> str:
        """Look for *secret* from now on; gives it back."""
        if secret not in {known for _, known, _ in self._forms}:
            self._forms += [(form, secret, name) for name, form in spellings(secret)]
        return secret

    def leaks(self, content: bytes, where: str) -> list[Leak]:
        """Give each spelling of each secret that *content* holds."""
        return [Leak(where, secret[:9] + "…", name) for form, secret, name in self._forms if form in content]

    def search(self, folder: Path, inputs: Iterable[str] = ()) -> list[Leak]:
        """Search the names and contents of all files below *folder*, but for those named in *inputs*."""
        skipped = {*KEEPERS, *inputs}
        files = list(folder.rglob("*"))
        local = Canaries(s for file in files if file.name == KEEPERS[0] for s in _known_to(file))
        found = []
        for file in files:
            if file.name not in skipped:
                content, where = _content(file), str(file.relative_to(folder))
                found += self.leaks(content, where) + local.leaks(content, where)
        return found

    def check(self, content: bytes, where: str) -> None:
        """Fail the test where *content* holds a secret."""
        found = self.leaks(content, where)
        assert not found, f"a secret was let out: {found}"


def _known_to(database: Path) -> list[str]:
    """Give the secrets of a sandbox, which makes its own when it is new."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        rows = opened.execute("SELECT value FROM meta WHERE name IN ('token', 'key')").fetchall()
    return [str(value) for (value,) in rows]


def _content(file: Path) -> bytes:
    name = str(file).encode("utf-8", "surrogateescape")
    if file.is_symlink():
        return name + b"\n" + str(file.readlink()).encode("utf-8", "surrogateescape")
    if not file.is_file():
        return name
    with file.open("rb") as opened:
        return name + b"\n" + opened.read(MUCH)


LIVE = {kind: made(prefix) for kind, prefix in (("user", "cfut_"), ("account", "cfat_"), ("old", ""))}
"""Tokens as Cloudflare makes them, new in every run of the suite."""
KEY = made("cfk_")
"""A global key, which goes with an address."""

CANARIES = Canaries((TOKEN, SANDBOX_TOKEN, CONFIGURED_TOKEN, *LIVE.values(), KEY))
"""Those of this process's tests."""


class Watched(subprocess.Popen[Any]):
    """A process whose output is searched when it has ended."""

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        out, err = super().communicate(input, timeout)
        for stream in (out, err):
            CANARIES.check(stream.encode() if isinstance(stream, str) else stream or b"", "its output")
        return out, err
