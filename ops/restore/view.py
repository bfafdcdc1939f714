"""View: a snapshot beside the account as it stands, owner by owner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ops.kinds.resource import Json, Resource
from ops.restore.assembled import Files, assembled
from ops.restore.order import mapped
from ops.restore.places import Place, Places, key_of
from ops.restore.selection import Selection, owning
from ops.restore.standing import moved, stand
from ops.restore.wanted import Wanted
from ops.snapshots.compare.side import Side
from ops.snapshots.compare.stored import value_files
from ops.snapshots.lines import encode
from ops.snapshots.sections import COMPLETE
from ops.snapshots.spans import item

if TYPE_CHECKING:
    from ops.cli.app import App


class View:
    """Both sides of a restore. *kinds* are all that are declared, in the order of the catalog and by name.

    *moved* gives for the id of what was made anew the one that it has now. Owners that are *known* are not
    asked for.
    """

    def __init__(
        self,
        app: App,
        old: Side,
        kinds: dict[str, Resource],
        selection: Selection,
        wanted: Wanted,
        known: Mapping[str, list[Json]] | None = None,
    ) -> None:
        self.app, self.kinds = app, kinds
        self.old, self.selection, self.wanted = old, selection, wanted
        writable, declared = selection.writable, [r for r in kinds.values() if r.kind in old.kinds]
        with_values = [r for r in writable if r.restore.values]
        kept = {placed.kind for placed in old.snapshot.manifest.placed.values()}
        # What is named one by one is looked up one by one: its owner may hold a million others.
        read = [kinds[r.parent] if r.restore.values and wanted.items else r for r in writable]
        values = frozenset(r.kind for r in with_values if r in read and r.kind in kept)
        standing = stand(app, old, declared, read, selection.owners, values, known)
        self.now, self._listed = standing.side, standing.listed
        self.places = Places(old, self.now, kinds, wanted, selection.owners)
        self.owning = owning(writable)
        mentioned = {kind for resource in writable for kind in resource.restore.mentions}
        self.moved = moved(app, old, standing, declared, mentioned)
        self.files = {r.kind: (Files(old, r), Files(self.now, r)) for r in writable if r.restore.assemble}
        self.values = {r.kind: (value_files(old, r.kind), value_files(self.now, r.kind)) for r in with_values}

    def expect(self, resource: Resource, old: Json) -> None:
        """Take note that *old* will be made again: what names it will have to name another id."""
        id = key_of(resource, old)
        if resource.key not in resource.identity:
            self.moved.setdefault(id, f"the new id of {id}")

    def learn(self, resource: Resource, old: Json, key: str) -> None:
        """Take note that *old* was made again, under *key*."""
        self.places.learn(resource, old, key)
        if resource.key not in resource.identity:
            self.moved[key_of(resource, old)] = key

    def proves_absence(self, kind: str, place: Place) -> bool:
        """Say whether what is not found of *kind* in *place* is not there for sure."""
        if place.new is None or kind in self._listed:
            return True
        return self.now.standing(kind, place.new.id).status == COMPLETE

    def proves_arrival(self, kind: str, place: Place) -> bool:
        """Say whether what the snapshot lacks of *kind* in *place* was not there for sure."""
        return place.old is not None and self.old.standing(kind, place.old.id).status == COMPLETE

    def lines(self, resource: Resource, place: Place) -> Iterator[bytes]:
        """Yield the snapshot's items in *place* as JSON, with the ids that what they name has now."""
        found = self.old.lines(resource, place.old.id if place.old else None)
        if not self.moved or not resource.restore.mentions:
            return found
        ids = re.compile(b"|".join(re.escape(id.encode()) for id in self.moved))
        return (self._renamed(line) if ids.search(line) else line for line in found)

    def _renamed(self, line: bytes) -> bytes:
        return encode(self.named(item(self.old.snapshot.path, line))).removesuffix(b"\n")

    def named(self, found: Json) -> Json:
        """Give an item with the ids that what it names has now."""
        renamed: Json = mapped(found, self.moved)
        return renamed

    def items(self, resource: Resource, place: Place) -> Iterator[Json]:
        """Yield the snapshot's items in *place*, with the ids that what they name has now."""
        return (item(self.old.snapshot.path, line) for line in self.lines(resource, place))

    def has_files(self, resource: Resource, old: Json) -> bool:
        return self.files[resource.kind][0].whole(key_of(resource, old))

    def same_files(self, resource: Resource, old: Json, new: Json) -> bool:
        """Say whether an item has the files that it had, or that cannot be told."""
        before, after = self.files[resource.kind]
        id, other = key_of(resource, old), key_of(resource, new)
        return not before.whole(id) or not after.whole(other) or before.same(id, after, other)

    def whole(self, resource: Resource, listed: Json, *, now: bool) -> Json:
        """Give what the writes of a kind take for an item that a listing tells only a part of."""
        side, named = (self.now, dict) if now else (self.old, self.named)
        return assembled(side, self.kinds, resource, self.files[resource.kind][now], listed, named)
