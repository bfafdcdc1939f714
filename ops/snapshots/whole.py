"""Sections of a snapshot that were read completely; any other section is unknown, never empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import BinaryIO

from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.manifest import GONE, Section
from ops.snapshots.snapshot import ItemIndex, Snapshot, open_file

ABSENT, UNKNOWN_KIND = "not in this snapshot", "no scan of this version reads it"


class NotRead(Exception):
    """A section was not read completely, so nothing may be concluded from it; *reason* may be empty."""

    def __init__(self, kind: str, status: str, reason: str = "") -> None:
        super().__init__(f"{kind}: {status}{f': {reason}' if reason else ''}")
        self.kind, self.status = kind, status


class WholeSections:
    """The items of *snapshot*, as far as their sections are complete.

    A kind may be unknown to *resources*: a later version may have read it. Raises Damaged for changed files.
    """

    def __init__(self, snapshot: Snapshot, resources: Mapping[str, Resource]) -> None:
        self.snapshot = snapshot
        self.account_id = snapshot.manifest.account_id
        self.resources = resources
        self._index = ItemIndex(snapshot.path, snapshot.manifest)
        self._kept: dict[str, list[tuple[str, Json]]] = {}

    @cached_property
    def _sections(self) -> dict[str, dict[str, Section]]:
        found: dict[str, dict[str, Section]] = {}
        for section in self.snapshot.manifest.sections:
            found.setdefault(section.kind, {})[section.scope] = section
        return found

    def gap(self, kind: str, scope: str = "") -> NotRead | None:
        """Return why *kind* is unknown in *scope*, by default in the account; None if it was read."""
        sections = self._sections.get(kind, {})
        section = sections.get(scope or self.account_id) or sections.get("")
        if section is None:
            return NotRead(kind, ABSENT if kind in self.resources else UNKNOWN_KIND)
        if section.status == GONE or not section.is_known:
            return NotRead(kind, section.status, section.reason)
        return None

    def items(self, kind: str, scope: str = "") -> list[Json]:
        """Return the items of *kind* in *scope*, by default in the account. Raises NotRead."""
        if gap := self.gap(kind, scope):
            raise gap
        return list(self._index.items(kind, scope or self.account_id))

    def everything(self, kind: str) -> list[tuple[str, Json]]:
        """Return all items of *kind* with the ids of their parents. Raises NotRead if any is unknown."""
        if kind not in self._kept:
            self._kept[kind] = list(self._read(kind, self.parents(kind)))
        return self._kept[kind]

    def parents(self, kind: str) -> list[str]:
        """Return the ids of all parents of *kind*. Raises NotRead if they are not all known."""
        resource = self.resources.get(kind)
        if resource is None or resource.parent == ACCOUNT:
            return [self.account_id]
        key = self.resources[resource.parent].key
        return [str(item.get(key)) for _, item in self.everything(resource.parent)]

    def _read(self, kind: str, scopes: Iterable[str]) -> Iterator[tuple[str, Json]]:
        for scope in scopes:
            if not self.is_gone(kind, scope):
                yield from ((scope, item) for item in self.items(kind, scope))

    def is_gone(self, kind: str, scope: str) -> bool:
        """True if the parent *scope* was deleted while the scan ran."""
        section = self._sections.get(kind, {}).get(scope)
        return section is not None and section.status == GONE

    def listed(self, kind: str) -> list[Json]:
        """Return the items of *kind* in the account that are in the snapshot, also of an unknown section."""
        return list(self._index.items(kind, self.account_id))

    def line(self, kind: str, scope: str, item: Json) -> int:
        """Return the number of the line that holds *item* in the file of *kind*, from 1; 0 if none does."""
        file = self._index.file(kind)
        if file is None or scope not in file.spans:
            return 0
        number = next((n for n, one in enumerate(self._index.items(kind, scope), 1) if one == item), 0)
        start = file.spans[scope].start
        with open_file(file.path) as lines:
            return number + sum(chunk.count(b"\n") for chunk in _chunks(lines, start)) if number else 0


def _chunks(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := file.read(min(left, 1 << 20))):
        left -= len(chunk)
        yield chunk
