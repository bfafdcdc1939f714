"""A snapshot that can be read: its sections, and its items, in the order of the file or by parent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from ops.errors import Damaged, Refused
from ops.files.disk import open_regular
from ops.items import Json
from ops.snapshots.layout import account_folder, decode, encode, kind_file
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import StoredFile

# Given text instead of bytes, it takes half of the time that json.loads takes.
_DECODE = json.JSONDecoder().raw_decode
_PREFIX = b'{"item":'
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_HINT = "`inv snapshots.verify` shows what else is damaged"


class Snapshot:
    """A snapshot that can be read; close() removes what was unpacked for it.

    *where* is where it is stored, which may differ from *path*, where it is read. *strays* are the files next
    to it that are not in its manifest.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        close: Callable[[], None] = lambda: None,
        *,
        where: str = "",
        strays: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.where, self.strays = where or str(path), strays
        self.manifest = manifest
        self.started = seconds(manifest.started)
        self.close = close
        self._sections = {(section.kind, section.scope): section for section in manifest.sections}

    @property
    def name(self) -> str:
        return self.path.name

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return (parent's id, item) in the order of the file: by parent, then by identity.

        A kind without a file has no items. Raises Damaged for a line that is not valid.
        """
        return items(self.path, kind) if kind_file(kind) in self.manifest.files else iter(())

    def section(self, kind: str, scope: str) -> Section | None:
        """Return the section of *kind* in *scope*; for a kind that was skipped as a whole, that section."""
        return self._sections.get((kind, scope)) or self._sections.get((kind, ""))


def check_account(path: Path | str, manifest: Manifest, account_id: str) -> None:
    """Raise Refused for a snapshot of another account than *account_id*, if that is known."""
    if account_id and account_id not in (manifest.account_id, account_folder(manifest.account_id)):
        raise Refused(
            f"{path} is a snapshot of the account {manifest.account}, not of {account_id}",
            hint=f"--account-id {manifest.account_id}",
        )


def seconds(written: str) -> float:
    """Return a manifest's time in seconds since 1970; raises Damaged if it is not one."""
    try:
        return datetime.strptime(written, _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Damaged(f"{written[:40]!r} is not a time of a snapshot") from None


def kinds(manifest: Manifest) -> list[str]:
    """Return the kinds with a file of items, in order; an empty kind that was read has one too."""
    return sorted(name.removesuffix(".jsonl") for name in manifest.files if "/" not in name)


def items(folder: Path, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield (parent's id, item) in the order of the file. Raises Damaged for a line that is not valid."""
    path = folder / kind_file(kind)
    with open_file(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                found = decode(line)
                scope, item = found["scope"], found["item"]
                if not isinstance(scope, str) or not isinstance(item, dict):
                    raise ValueError
            except (ValueError, KeyError, RecursionError):
                raise Damaged(f"{path}, line {number}: damaged", hint=_HINT) from None
            yield scope, item


def open_file(path: Path) -> BinaryIO:
    """Open a file of a snapshot; links are not followed. Raises Damaged if it cannot be read."""
    try:
        return open_regular(path, follow=False)
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}", hint=_HINT) from None


def checked_lines(path: Path, stored: StoredFile) -> Iterator[bytes]:
    """Yield the lines of a file. Raises Damaged, after the last one, if it differs from the manifest."""
    digest, size = sha256(), 0
    with open_file(path) as file:
        for line in file:
            digest.update(line)
            size += len(line)
            yield line
    if (size, digest.hexdigest()) != stored:
        raise damaged(path)


def damaged(path: Path) -> Damaged:
    return Damaged(f"{path} differs from what was written", hint=_HINT)


def parse_item(path: Path, text: bytes) -> Json:
    """Return the object in *text*, read from the file *path*; raises Damaged if it is not one."""
    try:
        written = text.decode("utf-8", "surrogatepass")
        found, end = _DECODE(written)
    except (ValueError, RecursionError):
        raise damaged(path) from None
    if not isinstance(found, dict) or written[end:] not in ("", "\n"):
        raise damaged(path)
    return found


class Span(NamedTuple):
    """The bytes from *start* up to *end*, all of whose lines end in *suffix*."""

    start: int
    end: int
    suffix: bytes


class ItemFile:
    """The items of one kind in one snapshot; *spans* maps each parent's id to the bytes of its items.

    The file is read once when this is created. Raises Damaged if it differs from the manifest.
    """

    def __init__(self, path: Path, stored: StoredFile) -> None:
        self.path = path
        self.spans: dict[str, Span] = {}
        for scope, span in _spans(path, checked_lines(path, stored)):
            if scope in self.spans:
                raise damaged(path)
            self.spans[scope] = span

    def items(self, scope: str) -> Iterator[bytes]:
        """Yield the JSON of each item of *scope*, in the order of the file."""
        span = self.spans.get(scope)
        if span is None:
            return
        before, after = len(_PREFIX), len(span.suffix)
        with open_file(self.path) as file:
            file.seek(span.start)
            left = span.end - span.start
            while left > 0:
                line = file.readline()
                if not line:
                    raise damaged(self.path)
                left -= len(line)
                yield line[before:-after]


def _spans(path: Path, lines: Iterable[bytes]) -> Iterator[tuple[str, Span]]:
    """Yield each scope with the span of its lines."""
    scope, suffix, start, at = "", b"", 0, 0
    for line in lines:
        if not suffix or not line.endswith(suffix):
            if suffix:
                yield scope, Span(start, at, suffix)
            found = parse_item(path, line).get("scope")
            if not isinstance(found, str):
                raise damaged(path)
            scope, start = found, at
            suffix = b',"scope":' + encode(scope).removesuffix(b"\n") + b"}\n"
            if not line.startswith(_PREFIX) or not line.endswith(suffix):
                raise damaged(path)
        at += len(line)
    if suffix:
        yield scope, Span(start, at, suffix)


class ItemIndex:
    """The items of the snapshot in *folder*, by kind and parent. Several threads may use it.

    A file is read, and checked against the manifest, at the first request for its kind; then Damaged is
    raised if it differs.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = folder, manifest
        self._files: dict[str, ItemFile] = {}
        self._lock = Lock()

    def file(self, kind: str) -> ItemFile | None:
        """Return the file of a kind; None if it has none."""
        name = kind_file(kind)
        if name not in self._manifest.files:
            return None
        with self._lock:
            if kind not in self._files:
                self._files[kind] = ItemFile(self._folder / name, self._manifest.files[name])
        return self._files[kind]

    def lines(self, kind: str, scope: str) -> Iterator[bytes]:
        """Return the JSON of each item of *scope* in the order of the file; none if the kind has no file."""
        file = self.file(kind)
        return file.items(scope) if file else iter(())

    def items(self, kind: str, scope: str) -> Iterator[Json]:
        """Yield the items of *scope* in the order of the file."""
        for text in self.lines(kind, scope):
            yield parse_item(self._folder / kind_file(kind), text)
