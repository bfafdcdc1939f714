"""The authors of changes between two snapshots, as far as our own journal knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.snapshots.compare.side import CHANGED, CREATED, DELETED, Difference, key_of
from ops.snapshots.history import names_of
from ops.snapshots.snapshot import Snapshot
from ops.writes.journal import FAILED, Journal, JournalEntry


class Write(NamedTuple):
    """What *entry* of the journal did to one item."""

    entry: JournalEntry
    before: Json | None
    after: Json | None


class Authors:
    """The writes to *account* in the journal in *folder*, from *since* on. Raises Newer, DiskError.

    A difference is found by what the item is called, so that many of them are found quickly.
    """

    def __init__(self, folder: Path, kinds: Mapping[str, Resource], account: str, since: str) -> None:
        self._journal, self._kinds = Journal(folder), kinds
        with self._journal as journal:
            self._entries = [
                entry
                for entry in reversed(journal.entries().values())
                if entry.owner[0] == account and entry.time >= since and entry.state != FAILED
            ]
        self._writes = cache(self._by_name)

    def of(self, difference: Difference, before: Snapshot, after: Snapshot) -> JournalEntry | None:
        """Return the newest entry between both snapshots that left the item as *difference* shows it."""
        if difference.change not in (CREATED, CHANGED, DELETED) or difference.kind not in self._kinds:
            return None
        # A scan reads while others write: which side of it a change is on, only the item tells.
        since, until = known_at(before, difference), after.manifest.ended
        found = [
            write.entry
            for write in self._about(difference)
            if since <= write.entry.time <= until
            and _is_in(write.entry, difference)
            and _led_to(self._kinds[difference.kind], difference, write.before, write.after)
        ]
        return max(found, key=lambda entry: entry.time, default=None)

    def _about(self, difference: Difference) -> Iterator[Write]:
        """Yield the writes of items with the key, or else a name, of the item of *difference*."""
        writes = self._writes(difference.kind)
        for name in {name.lower() for name in (difference.name, *difference.ids)}:
            yield from writes.get(name, ())

    def _by_name(self, kind: str) -> dict[str, list[Write]]:
        found: dict[str, list[Write]] = {}
        resource = self._kinds[kind]
        for entry in self._entries:
            if entry.kind == kind:
                for before, after in self._journal.changes(entry):
                    item = after or before or {}
                    # Other items may have the same name, but not the same key.
                    key = key_of(resource, item)
                    for name in {key.lower()} if key else names_of(resource, item):
                        found.setdefault(name, []).append(Write(entry, before, after))
        return found


def known_at(before: Snapshot, difference: Difference) -> str:
    """Return when *before* has read the section of *difference*, which may have been carried over to it."""
    section = before.section(difference.kind, next(iter(difference.owners), before.manifest.account_id))
    return section.read_at if section and section.read_at else before.manifest.started


def _is_in(entry: JournalEntry, difference: Difference) -> bool:
    _, owner_id, owner = entry.owner
    return not difference.owners or bool({owner_id, owner.get("name")} & set(difference.owners))


def _led_to(resource: Resource, difference: Difference, before: Json | None, after: Json | None) -> bool:
    """True if the change of an item from *before* to *after* is, or is a part of, *difference*."""
    if after is None or difference.change == DELETED:
        return after is None and difference.change == DELETED
    if not difference.fields:
        return before is None
    # The journal keeps no secret values.
    return any(field in resource.secret or reach(after, field) == new for field, _, new in difference.fields)
