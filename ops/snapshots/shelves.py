"""Shelves: the items of one owner in a snapshot, found without reading those of all others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from ops.items import Json
from ops.snapshots.layout import kind_file
from ops.snapshots.manifest import Manifest
from ops.snapshots.spans import ItemFile, item


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
