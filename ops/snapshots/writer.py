"""Writer: collects what the threads of a scan read, and writes the files of a snapshot."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ops.errors import Interrupted, MalformedAnswer
from ops.items import Json, reach
from ops.kinds import secret
from ops.kinds.resource import Content, Owner, Resource, identity_of
from ops.snapshots import layout
from ops.snapshots.layout import decode, encode, item_line, value_key

RUN_BYTES = 1 << 20
_READ = 1 << 16
_SPOOLS = ".spool"

Key = tuple[str, ...]
SpooledLine = tuple[Key, bytes]


class StoredFile(NamedTuple):
    """The size and the hash of a file, as in the manifest."""

    bytes: int
    sha256: str


class Placed(NamedTuple):
    """The item, or the parent, that a file of contents or values belongs to, which its name does not show."""

    kind: str
    scope: str
    item: str
    name: str
    media_type: str
    role: str = ""


class SectionFile:
    """Collects the items of one section."""

    def __init__(self, writer: Writer, resource: Resource, owner: Owner) -> None:
        self._writer, self._resource, self._owner = writer, resource, owner

        def key_of(line: bytes) -> Key:
            return identity_of(resource, decode(line)["item"])

        self._items = writer.lines(layout.kind_file(resource.kind), owner.id, key_of)
        self._values: ScopeLines | None = None

    @property
    def count(self) -> int:
        return self._items.count

    def add(self, item: Json) -> None:
        """Add an item. Raises Interrupted after the writer was closed."""
        resource = self._resource
        if resource.secret and not self._writer.keeps_secrets:
            item = secret.hide(resource, item)
        self._items.add(identity_of(resource, item), self._writer.checked(item_line(self._owner.id, item)))

    def add_value(self, line: Json) -> None:
        """Add the value of a key to the file of its parent."""
        if self._values is None:
            self._values = self._writer.values(
                self._resource, self._owner, lambda line: value_key(decode(line))
            )
        self._values.add(value_key(line), self._writer.checked(encode(line)))

    def close(self) -> None:
        """Refuse further items, and free the memory."""
        for lines in filter(None, (self._items, self._values)):
            lines.close()


class Writer:
    """The files of one snapshot in *folder*, a private and empty folder.

    *labels* maps each kind to the field that names its items. What *holds_secret* is true of is not kept;
    secret fields of items are hidden unless *keeps_secrets*.
    """

    def __init__(
        self,
        folder: Path,
        labels: Mapping[str, str],
        holds_secret: Callable[[bytes], bool] = lambda _data: False,
        *,
        keeps_secrets: bool = False,
    ) -> None:
        self._labels = labels
        self.keeps_secrets = keeps_secrets
        self._holds_secret = holds_secret
        self.placed: dict[str, Placed] = {}
        self._folder = folder
        self._spools: dict[str, Spool] = {}
        self._lines: dict[str, dict[str, ScopeLines]] = {}
        self._stored: dict[str, StoredFile] = {}
        self._closed = False
        self._lock = Lock()
        (folder / _SPOOLS).mkdir(mode=0o700)

    def section(self, resource: Resource, owner: Owner) -> SectionFile:
        """Return the collector of one section; a kind with a section has a file, even if empty."""
        return SectionFile(self, resource, owner)

    def lines(self, file: str, scope: str, key_of: Callable[[bytes], Key]) -> ScopeLines:
        """Return the lines of *scope* in *file*."""
        with self._lock:
            self._refuse_if_closed()
            if file not in self._spools:
                number = f"{len(self._spools)}"
                self._spools[file] = Spool(self._folder / _SPOOLS / number, key_of)
            return self._lines.setdefault(file, {}).setdefault(scope, ScopeLines(self._spools[file]))

    def values(self, resource: Resource, owner: Owner, key_of: Callable[[bytes], Key]) -> ScopeLines:
        """Return the lines of the values stored in *owner*."""
        label = str(reach(owner.item, self._labels.get(resource.parent, "name")) or owner.id)
        file = layout.values_file(resource.kind, label, owner.id)
        self.placed[file] = Placed(resource.kind, owner.id, "", label, "application/jsonl")
        return self.lines(file, owner.id, key_of)

    def content(self, resource: Resource, owner: Owner, item: Json, content: Content) -> None:
        """Write a file of *item*; a second one with the same name gets another file name."""
        self.checked(content.data)
        self.checked(content.name.encode("utf-8", "surrogatepass"))
        item_id = str(reach(item, resource.key))
        unique = content.name
        with self._lock:
            self._refuse_if_closed()
            while (file := layout.content_file(resource.kind, owner.id, item_id, unique)) in self.placed:
                unique += "\0"
            make_folders(self._folder, (self._folder / file).parent)
            self._stored[file] = store(self._folder / file, (content.data,))
            self.placed[file] = Placed(
                resource.kind, owner.id, item_id, content.name, content.media_type, content.role
            )

    def checked(self, data: bytes) -> bytes:
        """Return *data*. Raises MalformedAnswer if it contains a secret: the server has sent it back."""
        if self._holds_secret(data):
            raise MalformedAnswer("the response contains the API token or another secret, so it is not kept")
        return data

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Interrupted("the scan has been stopped")

    def close(self) -> None:
        """Refuse further items from any thread. It may be called again."""
        with self._lock:
            self._closed = True
        for scopes in self._lines.values():
            for lines in scopes.values():
                lines.close()

    def assemble(self) -> dict[str, StoredFile]:
        """Close, write each file in its final order, and return all files of the snapshot."""
        self.close()
        for file in sorted(self._spools):
            path = self._folder / file
            make_folders(self._folder, path.parent)
            scopes = sorted(self._lines[file].items())
            self._stored[file] = store(path, (block for _, lines in scopes for block in lines.blocks()))
            self._spools.pop(file).close()
        (self._folder / _SPOOLS).rmdir()
        return dict(sorted(self._stored.items()))


def make_folders(root: Path, folder: Path) -> None:
    """Create *folder* and its parents up to *root*, for their owner alone."""
    # mkdir(parents=True) would create the parents with the mode of the umask.
    if folder != root:
        make_folders(root, folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def store(path: Path, blocks: Iterable[bytes]) -> StoredFile:
    """Write the new private file *path*, and return its size and hash."""
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 (a Path cannot open a handle)
        for block in blocks:
            file.write(block)
            digest.update(block)
            size += len(block)
    return StoredFile(size, digest.hexdigest())


class SortedRun(NamedTuple):
    """A range of the spool whose lines are in order."""

    start: int
    length: int
    first: SpooledLine
    last: SpooledLine


class Spool:
    """The lines of one file while they are read: sorted runs on disk, merged at the end, in little memory.

    An account's sections arrive concurrently and in any order. Each collects about a megabyte, sorts it and
    appends it as one run. A list that arrives in order, as KV keys do, leaves consecutive runs that are
    copied unchanged; any other list is merged. *key_of* returns the sort key of a line, for the merge.
    """

    def __init__(self, path: Path, key_of: Callable[[bytes], Key]) -> None:
        self.key_of = key_of
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._path = path
        self._end = 0
        self._lock = Lock()

    def append(self, entries: list[SpooledLine]) -> SortedRun:
        """Write sorted *entries* as a run; raises OSError when the disk is full."""
        block = b"".join(line for _, line in entries)
        with self._lock:
            start, self._end = self._end, self._end + len(block)
        written = 0
        while written < len(block):
            written += os.pwrite(self._file, memoryview(block)[written:], start + written)
        return SortedRun(start, len(block), entries[0], entries[-1])

    def blocks(self, run: SortedRun) -> Iterator[bytes]:
        """Yield the bytes of a run, a piece at a time."""
        at, end = run.start, run.start + run.length
        while at < end:
            block = os.pread(self._file, min(_READ, end - at), at)
            if not block:
                raise OSError(f"{self._path.name} is shorter than the data written to it")
            yield block
            at += len(block)

    def entries(self, run: SortedRun) -> Iterator[SpooledLine]:
        """Yield the lines of a run, each with its key."""
        pieces: list[bytes] = []
        for block in self.blocks(run):
            head, *others = block.split(b"\n")
            pieces.append(head)
            for other in others:
                line = b"".join([*pieces, b"\n"])
                yield self.key_of(line), line
                pieces = [other]

    def close(self) -> None:
        """Close and remove the spool."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)


class ScopeLines:
    """The lines of one parent in one file; one thread adds, another may close it permanently."""

    def __init__(self, spool: Spool, run_bytes: int = RUN_BYTES) -> None:
        self.count = 0
        self._spool = spool
        self._run_bytes = run_bytes
        self._entries: list[SpooledLine] = []
        self._bytes = 0
        self._runs: list[SortedRun] = []
        self._closed = False
        self._lock = Lock()

    def add(self, key: Key, line: bytes) -> None:
        """Add a line; raises Interrupted if the file has been closed in the meantime."""
        with self._lock:
            if self._closed:
                raise Interrupted("the scan has been stopped")
            self._entries.append((key, line))
            self._bytes += len(line)
            self.count += 1
            if self._bytes >= self._run_bytes:
                self._spill()

    def close(self) -> None:
        """Refuse further lines. It may be called again."""
        with self._lock:
            self._closed = True
            self._spill()

    def _spill(self) -> None:
        if self._entries:
            self._entries.sort()
            self._runs.append(self._spool.append(self._entries))
            self._entries, self._bytes = [], 0

    def blocks(self) -> Iterator[bytes]:
        """Yield all lines in order, as pieces of bytes. Close it first."""
        if all(a.last <= b.first for a, b in zip(self._runs, self._runs[1:], strict=False)):
            for run in self._runs:
                yield from self._spool.blocks(run)
        else:
            for _, line in heapq.merge(*map(self._spool.entries, self._runs)):
                yield line
