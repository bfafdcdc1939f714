"""Writer: takes what a scan reads, from many threads, and writes the files of a snapshot."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ops.errors import Interrupted
from ops.items import Json, reach
from ops.kinds.resource import Content, Owner, Resource, identity_of
from ops.snapshots import layout
from ops.snapshots.lines import decode, encode, item_line, value_key
from ops.snapshots.spool import Key, Spool, Stretch

_SPOOLS = ".spool"


class StoredFile(NamedTuple):
    """A file of the snapshot, as the manifest names it."""

    bytes: int
    sha256: str


class Placed(NamedTuple):
    """The owner and names of a file of contents or values, which its own name does not show."""

    kind: str
    scope: str
    item: str
    name: str
    media_type: str
    role: str = ""


class SectionFile:
    """Takes the items of one section."""

    def __init__(self, writer: Writer, resource: Resource, owner: Owner) -> None:
        self._writer, self._resource, self._owner = writer, resource, owner
        self._items = writer.stretch(layout.kind_file(resource.kind), owner.id, self._key_of_item)
        self._values: Stretch | None = None

    @property
    def count(self) -> int:
        return self._items.count

    def add(self, item: Json) -> None:
        """Keep an item. Raises Interrupted after the writer was closed."""
        self._items.add(identity_of(self._resource, item), item_line(self._owner.id, item))

    def add_value(self, line: Json) -> None:
        """Keep the value of a key, in the file of its owner."""
        if self._values is None:
            self._values = self._writer.values(
                self._resource, self._owner, lambda line: value_key(decode(line))
            )
        self._values.add(value_key(line), encode(line))

    def close(self) -> None:
        """Take no more, and free the memory."""
        for stretch in filter(None, (self._items, self._values)):
            stretch.close()

    def _key_of_item(self, line: bytes) -> Key:
        return identity_of(self._resource, decode(line)["item"])


class Writer:
    """The files of one snapshot in *folder*, which exists, private and empty.

    *labels* has for each kind the field that people know its items by.
    """

    def __init__(self, folder: Path, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self.placed: dict[str, Placed] = {}
        self._folder = folder
        self._spools: dict[str, Spool] = {}
        self._stretches: dict[str, dict[str, Stretch]] = {}
        self._stored: dict[str, StoredFile] = {}
        self._closed = False
        self._lock = Lock()
        (folder / _SPOOLS).mkdir(mode=0o700)

    def section(self, resource: Resource, owner: Owner) -> SectionFile:
        """Return the file of one section's items; a kind with a section has a file, even if empty."""
        return SectionFile(self, resource, owner)

    def stretch(self, file: str, scope: str, key_of: Callable[[bytes], Key]) -> Stretch:
        """Return the lines of *scope* in *file*."""
        with self._lock:
            self._refuse_if_closed()
            if file not in self._spools:
                number = f"{len(self._spools)}"
                self._spools[file] = Spool(self._folder / _SPOOLS / number, key_of)
            return self._stretches.setdefault(file, {}).setdefault(scope, Stretch(self._spools[file]))

    def values(self, resource: Resource, owner: Owner, key_of: Callable[[bytes], Key]) -> Stretch:
        """Return the lines of the values stored in *owner*."""
        label = str(reach(owner.item, self._labels.get(resource.parent, "name")) or owner.id)
        file = layout.values_file(resource.kind, label, owner.id)
        self.placed[file] = Placed(resource.kind, owner.id, "", label, "application/jsonl")
        return self.stretch(file, owner.id, key_of)

    def content(self, resource: Resource, owner: Owner, item: Json, content: Content) -> None:
        """Keep a file of *item*; a second one with the same name gets another file."""
        item_id = str(reach(item, resource.key))
        unique = content.name
        with self._lock:
            self._refuse_if_closed()
            while (file := layout.content_file(resource.kind, owner.id, item_id, unique)) in self.placed:
                unique += "\0"
            _make_folders(self._folder, (self._folder / file).parent)
            self._stored[file] = store(self._folder / file, (content.data,))
            self.placed[file] = Placed(
                resource.kind, owner.id, item_id, content.name, content.media_type, content.role
            )

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Interrupted("the scan has been stopped")

    def close(self) -> None:
        """Take no more from any thread. It may be called again."""
        with self._lock:
            self._closed = True
        for stretches in self._stretches.values():
            for stretch in stretches.values():
                stretch.close()

    def assemble(self) -> dict[str, StoredFile]:
        """Close, write each file in its final order, and return all files of the snapshot."""
        self.close()
        for file in sorted(self._spools):
            path = self._folder / file
            _make_folders(self._folder, path.parent)
            self._stored[file] = store(path, self._blocks(file))
            self._spools.pop(file).close()
        (self._folder / _SPOOLS).rmdir()
        return dict(sorted(self._stored.items()))

    def _blocks(self, file: str) -> Iterator[bytes]:
        for _, stretch in sorted(self._stretches[file].items()):
            yield from stretch.blocks()


def _make_folders(root: Path, folder: Path) -> None:
    # mkdir(parents=True) would create the parents with the mode of the umask.
    if folder != root:
        _make_folders(root, folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def store(path: Path, blocks: Iterable[bytes]) -> StoredFile:
    """Write a new private file and return its entry for the manifest."""
    digest, size = hashlib.sha256(), 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 (a Path cannot open a handle)
        for block in blocks:
            file.write(block)
            digest.update(block)
            size += len(block)
    return StoredFile(size, digest.hexdigest())
