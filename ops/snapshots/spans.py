"""Spans: where in a file of a snapshot the items of each owner lie, so that they can be read in any order."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from ops.errors import Damaged
from ops.items import Json
from ops.snapshots.layout import kind_file
from ops.snapshots.lines import encode
from ops.snapshots.manifest import Manifest
from ops.snapshots.writer import StoredFile

# Told at once that it gets UTF-8, it takes half of the time that json.loads takes.
_DECODE = json.JSONDecoder().raw_decode
_PREFIX = b'{"item":'


class Span(NamedTuple):
    """The bytes from *start* up to *end*, all of whose lines end in *suffix*."""

    start: int
    end: int
    suffix: bytes


class ItemFile:
    """The items of one kind in one snapshot; *spans* gives for each owner's id where they lie.

    The file is read once when this is made. Raises Damaged where it is not what was written.
    """

    def __init__(self, path: Path, stored: StoredFile) -> None:
        self.path = path
        self.spans: dict[str, Span] = {}
        digest, size = sha256(), 0
        with opened(path) as file:
            for scope, suffix, start, end in _stretches(path, file, digest.update):
                if scope in self.spans:
                    raise damaged(path)
                self.spans[scope] = Span(start, end, suffix)
                size = end
        if (size, digest.hexdigest()) != (stored.bytes, stored.sha256):
            raise damaged(path)

    def items(self, scope: str) -> Iterator[bytes]:
        """Yield the JSON of each item of *scope*, in the order of the file."""
        span = self.spans.get(scope)
        if span is None:
            return
        before, after = len(_PREFIX), len(span.suffix)
        with opened(self.path) as file:
            file.seek(span.start)
            left = span.end - span.start
            while left > 0:
                line = file.readline()
                if not line:
                    raise damaged(self.path)
                left -= len(line)
                yield line[before:-after]


def _stretches(
    path: Path, file: BinaryIO, see: Callable[[bytes], object]
) -> Iterator[tuple[str, bytes, int, int]]:
    """Yield the scope of each stretch of lines, what they end in, where it begins and where it ends.

    *see* is given each line.
    """
    scope, suffix, start, at = "", b"", 0, 0
    for line in file:
        see(line)
        if not suffix or not line.endswith(suffix):
            if suffix:
                yield scope, suffix, start, at
            scope, start = _scope(path, line), at
            suffix = b',"scope":' + encode(scope).removesuffix(b"\n") + b"}\n"
            if not line.startswith(_PREFIX) or not line.endswith(suffix):
                raise damaged(path)
        at += len(line)
    if suffix:
        yield scope, suffix, start, at


def _scope(path: Path, line: bytes) -> str:
    scope = item(path, line).get("scope")
    if not isinstance(scope, str):
        raise damaged(path)
    return scope


def item(path: Path, text: bytes) -> Json:
    """Return the object that *text* of the file *path* holds; raises Damaged where it holds none."""
    try:
        written = text.decode("utf-8", "surrogatepass")
        found, end = _DECODE(written)
    except (ValueError, RecursionError):
        raise damaged(path) from None
    if not isinstance(found, dict) or written[end:] not in ("", "\n"):
        raise damaged(path)
    return found


def opened(path: Path) -> BinaryIO:
    """Open a file of a snapshot; links are not followed. Raises Damaged where it is not there."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}", hint=_HINT) from None


def damaged(path: Path) -> Damaged:
    return Damaged(f"{path} is not what was written", hint=_HINT)


_HINT = "`inv snapshots.verify` tells what else is damaged"


class Shelves:
    """The items of the snapshot in *folder*, by kind and owner. May be used by several threads.

    A file is looked through, and checked against the manifest, when something of its kind is first asked for.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = folder, manifest
        self._files: dict[str, ItemFile] = {}
        self._lock = Lock()

    def items(self, kind: str, scope: str) -> Iterator[Json]:
        """Yield the items of *scope* in the order of the file; none where the kind has no file.

        Raises Damaged where the file is not what was written.
        """
        if kind_file(kind) in self._manifest.files:
            file = self._file(kind)
            for text in file.items(scope):
                yield item(file.path, text)

    def _file(self, kind: str) -> ItemFile:
        name = kind_file(kind)
        with self._lock:
            if kind not in self._files:
                self._files[kind] = ItemFile(self._folder / name, self._manifest.files[name])
            return self._files[kind]
