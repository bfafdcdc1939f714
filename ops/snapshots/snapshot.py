"""A snapshot that can be read: its sections, items in the order of the file or by parent, and contents."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

from ops.errors import Damaged, Refused
from ops.files.disk import open_regular
from ops.http.exchange import Reply
from ops.items import Json
from ops.kinds import catalog
from ops.kinds.resource import MAIN
from ops.kinds.secret import hide
from ops.snapshots.layout import account_folder, age, decode, encode, kind_file
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Placed, StoredFile

# Given text instead of bytes, it takes half of the time that json.loads takes.
Order = tuple[float, str]
"""When a snapshot was started, in seconds since 1970, and its name, which has the part of the second."""

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

    @property
    def order(self) -> Order:
        """Return what sorts snapshots by when they were started, also within a second."""
        return self.started, self.name

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Return (parent's id, item) by parent, then identity. Raises Damaged for an invalid line."""
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


def carried(manifest: Manifest, now: float) -> str:
    """Return how many sections were carried over and how old the oldest is; "" if none was."""
    if not (count := manifest.carried):
        return ""
    return f"{count:,} sections carried over, the oldest {age(seconds(manifest.oldest_read), now)}"


def aged(manifest: Manifest, now: float) -> str:
    """Return how old a snapshot is, with the age of its oldest section if that was carried over."""
    return "; ".join(filter(None, (age(seconds(manifest.started), now), carried(manifest, now))))


def kinds(manifest: Manifest) -> list[str]:
    """Return the kinds with a file of items, in order; an empty kind that was read has one too."""
    return sorted(name.removesuffix(".jsonl") for name in manifest.files if "/" not in name)


def items(folder: Path, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield (parent's id, item) in the order of the file, without secret values.

    Raises Damaged for a line that is not valid.
    """
    path, resource = folder / kind_file(kind), catalog.kinds().get(kind)
    with open_file(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                found = decode(line)
                scope, item = found["scope"], found["item"]
                if not isinstance(scope, str) or not isinstance(item, dict):
                    raise ValueError
                item = hide(resource, item) if resource and resource.secret else item
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
    """The items of a kind; *spans* has the bytes of each parent's. Raises Damaged for a changed file."""

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

    A file is read, and checked against the manifest, at the first request for its kind (Damaged).
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


def files_of(manifest: Manifest, kind: str, scope: str, item: str) -> dict[str, Placed]:
    """Return the files that belong to *item*; without an item, the file of the values stored in *scope*."""
    return {f: p for f, p in manifest.placed.items() if (p.kind, p.scope, p.item) == (kind, scope, item)}


def form_of(folder: Path, manifest: Manifest, placed: dict[str, Placed]) -> Reply:
    """Return *placed* as the parts of a form, as the API sends them. Raises Damaged for a changed file."""
    parts = [(part, file_bytes(folder, manifest, file)) for file, part in placed.items()]
    boundary = sha256(b"".join(data for _, data in parts)).hexdigest()
    body = b""
    for part, data in parts:
        name = part.name.replace("\\", "\\\\").replace('"', "%22")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
        body += f"{head}Content-Type: {part.media_type}\r\n\r\n".encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    # The API names the main module in a header, not in the form.
    main = next((part.name for part in placed.values() if part.role == MAIN), "")
    return Reply(200, headers | ({"cf-entrypoint": main} if main else {}), body)


def file_bytes(folder: Path, manifest: Manifest, file: str) -> bytes:
    """Return the bytes of a file; raises Damaged if they differ from the manifest."""
    stored = manifest.files.get(file)
    if stored is None:
        raise damaged(folder / file)
    with open_file(folder / file) as source:
        data = source.read(stored.bytes + 1)
    if sha256(data).hexdigest() != stored.sha256:
        raise damaged(folder / file)
    return data


def value_of(file: Path, key: str) -> Reply | None:
    """Return the value of *key* in *file* with its expiry, or None. Raises Damaged for an invalid line."""
    with open_file(file) as lines:
        for text in lines:
            try:
                line = decode(text)
                if line.get("key") != key:
                    continue
                value = str(line["value"])
                body = b64decode(value) if line.get("base64") else value.encode()
            except (ValueError, KeyError, RecursionError):
                raise damaged(file) from None
            return Reply(200, {"expiration": str(line["expiration"])} if "expiration" in line else {}, body)
    return None
