"""The past of the items on a page: how they changed over the kept snapshots, as far as these can be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ops.errors import OpsError
from ops.items import Json, reach
from ops.kinds.resource import Resource, comparable
from ops.report.cover import Cover
from ops.report.sources import Sources
from ops.snapshots.compare.side import CHANGED, CREATED, fields
from ops.snapshots.layout import decode, kind_file
from ops.snapshots.manifest import COMPLETE
from ops.snapshots.snapshot import Snapshot, open_file
from ops.ui.cells import table_cell

MOST_SNAPSHOTS = 30
MOST_BYTES = 400 << 20
"""How much is read for the past: older snapshots are left to `history`."""
_LONGEST = 200

Key = tuple[str, str]
Lines = dict[Key, Json]


class Past:
    """The events of each item, newest first; *since* is when the oldest snapshot that was read was made."""

    def __init__(self, sources: Sources, cover: Cover) -> None:
        self._cover = cover
        self._events: dict[tuple[str, str, str], list[Any]] = {}
        self.since = sources.snapshot.started
        read = 0
        for newer, older in pairwise(sources.kept[:MOST_SNAPSHOTS]):
            read += _size(newer, older)
            if read > MOST_BYTES:
                return
            try:
                for resource in sources.kinds.values():
                    self._compare(resource, older, newer)
            except (OpsError, ValueError, KeyError):
                return  # damage is reported by `snapshots.verify`
            self.since = older.started

    def of(self, kind: str, scope: str, key: str) -> list[Any]:
        """Return [time, change, [[field, old, new], …]] of an item, newest first."""
        return self._events.get((kind, scope, key), [])

    def _compare(self, resource: Resource, older: Snapshot, newer: Snapshot) -> None:
        name = kind_file(resource.kind)
        files = older.manifest.files.get(name), newer.manifest.files.get(name)
        if files[0] == files[1] or not all(files):
            return
        before, after = _differing(resource, older, newer)
        for key, item in after.items():
            if key in before:
                changed = fields(comparable(resource, before[key]), comparable(resource, item))
                rows = [
                    [field, self._shown(resource, old), self._shown(resource, new)]
                    for field, old, new in changed
                ]
                change = CHANGED if rows else ""
            else:
                rows, section = [], older.section(resource.kind, key[0])
                change = CREATED if section and section.status == COMPLETE else "first seen"
            if change:
                events = self._events.setdefault((resource.kind, *key), [])
                events.append([newer.manifest.started, change, rows])

    def _shown(self, resource: Resource, value: Any) -> str:
        if self._cover.redact:
            return "…"
        return table_cell(self._cover.item(resource.kind, value))[:_LONGEST]


def _size(newer: Snapshot, older: Snapshot) -> int:
    """Return the bytes of the files that differ between two snapshots."""
    files = newer.manifest.files
    return sum(
        one.bytes for name, one in older.manifest.files.items() if "/" not in name and files.get(name) != one
    )


def _differing(resource: Resource, older: Snapshot, newer: Snapshot) -> tuple[Lines, Lines]:
    """Return the items of both snapshots whose lines are not in the other one."""
    with open_file(older.path / kind_file(resource.kind)) as file:
        before = set(file)
    with open_file(newer.path / kind_file(resource.kind)) as file:
        after = set(file)
    return dict(_parsed(resource, before - after)), dict(_parsed(resource, after - before))


def _parsed(resource: Resource, lines: set[bytes]) -> Iterator[tuple[Key, Json]]:
    for line in lines:
        found = decode(line)
        item = found["item"]
        yield (str(found["scope"]), str(reach(item, resource.key) or "") if resource.identity else ""), item
