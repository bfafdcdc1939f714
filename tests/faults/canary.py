"""Canaries: secrets that tests use, and the search for them in everything that a run leaves behind.

The folders of every test are searched when it ends, and the output of `inv` as soon as it is printed; see
`tests/conftest.py`. The spellings are computed here, independently of the program's own redaction.
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
"""The token of tests with stubbed requests."""
SANDBOX_TOKEN = "sandbox_" + "Zq7" * 13 + "x"
"""The token of clients whose server is part of the test."""

CONFIGURED_TOKEN = "cfut_" + "Ca7nary9Zq" * 4 + "a1b2c3d4"
"""The token of tests of settings."""

ALPHABET = string.ascii_letters + string.digits
KEEPERS = ("sandbox.sqlite", "sandbox.sqlite-wal", "sandbox.sqlite-shm")
"""The sandbox's own state, which holds its tokens as Cloudflare does."""

MUCH = 4 << 20
"""The bytes of a file that are searched. Only values at the size limit are larger, and tests write those."""


class Leak(NamedTuple):
    """A secret that was found: where, which one, and in which spelling."""

    where: str
    secret: str
    spelling: str


def made(prefix: str = "") -> str:
    """Return a new secret: *prefix* and 40 random characters."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(40))


def spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    """Yield the spellings of *secret*, each with its name."""
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
    """Return the part of *encoded* that depends on the secret alone, not on its neighbours."""
    return encoded[-(-shift * 8 // 6) : (shift + length) * 8 // 6]


class Canaries:
    """The secrets of a test run; tests may add new ones."""

    def __init__(self, wanted: Iterable[str] = ()) -> None:
        self._forms: list[tuple[bytes, str, str]] = []
        for secret in wanted:
            self.add(secret)

    def add(self, secret: str) -> str:
        """Search for *secret* from now on, and return it."""
        if secret not in {known for _, known, _ in self._forms}:
            self._forms += [(form, secret, name) for name, form in spellings(secret)]
        return secret

    def leaks(self, content: bytes, where: str) -> list[Leak]:
        """Return each spelling of each secret in *content*."""
        return [Leak(where, secret[:9] + "…", name) for form, secret, name in self._forms if form in content]

    def search(self, folder: Path, inputs: Iterable[str] = ()) -> list[Leak]:
        """Return the secrets in names and contents below *folder*, except in files named in *inputs*."""
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
        """Fail the test if *content* holds a secret."""
        found = self.leaks(content, where)
        assert not found, f"a secret leaked: {found}"


def _known_to(database: Path) -> list[str]:
    """Return the secrets of a sandbox, which creates its own when it is new."""
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
"""A global API key, which is used with an e-mail address."""

CANARIES = Canaries((TOKEN, SANDBOX_TOKEN, CONFIGURED_TOKEN, *LIVE.values(), KEY))
"""The secrets of the tests of this process."""


class Watched(subprocess.Popen[Any]):
    """A process whose output is searched for secrets when it has ended."""

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        out, err = super().communicate(input, timeout)
        for stream in (out, err):
            CANARIES.check(stream.encode() if isinstance(stream, str) else stream or b"", "its output")
        return out, err
