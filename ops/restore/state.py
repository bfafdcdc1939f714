"""State: a snapshot beside the live account, and what a restore creates while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ops.errors import Damaged, Incomplete, MalformedAnswer, OpsError, Refused, UserError
from ops.http.client import Client
from ops.items import Json
from ops.kinds import catalog
from ops.kinds.resource import ACCOUNT, Content, Owner, Resource, identity_of
from ops.restore.filter import Filter, RestoreSelection, owner_kinds
from ops.scan.inventory import ScanPlan, line_of
from ops.snapshots.compare.comparison import merged_values
from ops.snapshots.compare.merge import Match
from ops.snapshots.compare.pairing import (
    ItemPair,
    OwnerPair,
    Pairing,
    match_holders,
    referred_kinds,
    replaced,
)
from ops.snapshots.compare.side import CONTENTS, Side, holders_of, key_of
from ops.snapshots.layout import decode
from ops.snapshots.manifest import COMPLETE
from ops.snapshots.snapshot import Snapshot, file_bytes

# Values looked up with one call.
_TOGETHER = 100


class Reader(NamedTuple):
    """How the account is read: *scan* reads all that a plan selects into a temporary snapshot."""

    client: Client
    scan: Callable[[ScanPlan], Snapshot]

    def list(self, resource: Resource, owner: Owner) -> list[Json]:
        """Return all items of a kind in *owner*. Raises Incomplete if the list is not certain."""
        listing = resource.list(self.client, owner)
        found = list(listing)
        if problem := getattr(listing, "problem", ""):
            why = f"{resource.kind} could not be listed completely: {problem}"
            raise Incomplete(why, hint="run the same line again")
        return found


class Target(NamedTuple):
    """An owner that items are restored into: *saved* in the snapshot, *live* if it exists in the account.

    *pair* is what both are in the comparison. If *chosen*, everything in it is restored, otherwise only the
    items that are named.
    """

    kind: str
    live: Owner | None
    saved: Owner | None
    pair: OwnerPair
    chosen: bool = True

    @property
    def name(self) -> str:
        """Return the name of the owner; "" for the account."""
        found = self.saved or self.live
        if self.kind == ACCOUNT or found is None:
            return ""
        return str(found.item.get("name") or found.item.get("title") or found.id)

    @property
    def id(self) -> str:
        """Return the id of the owner in the snapshot; "" if it was created later."""
        return self.saved.id if self.saved else ""


class State:
    """Both sides of a restore: the *live* account is the old side of the comparison, *saved* the new one.

    *ids* are the live ids of items that have another one in the snapshot; *unread* are ids in the snapshot
    of kinds that could not be listed completely. Live owners that are *known* are not listed again. Raises
    what a scan raises.
    """

    def __init__(
        self,
        reader: Reader,
        saved: Side,
        selection: RestoreSelection,
        filter: Filter,
        known: Mapping[str, list[Json]] | None = None,
    ) -> None:
        self.reader, self.saved, self.selection, self.filter = reader, saved, selection, filter
        self.kinds = {resource.kind: resource for resource in catalog.resources()} | catalog.kinds()
        self.owner_kinds = owner_kinds(selection.writable)
        self.live = live = self._read(known or {})
        self.pairing = Pairing(live, saved, self.kinds.values())
        writable = selection.writable
        with_values = (r.kind for r in writable if r.restore.values)
        self.values = {kind: (live.values(kind), saved.values(kind)) for kind in with_values}
        self._targets: dict[str, list[Target]] = {}
        self._created: dict[tuple[str, str], Owner] = {}
        mentioned = referred_kinds(selection.writable, self.kinds)
        self.unread = {
            holder.id: kind
            for kind in mentioned
            if live.section(kind, saved.account_id).status != COMPLETE
            for holder in saved.holders(self.kinds[kind], saved.account_id)
        }
        self.ids = {
            pair.new.id: pair.old.id
            for kind in mentioned
            for pair in self.pairing.owners(kind)
            if pair.old and pair.new and pair.old.id != pair.new.id
        }
        with_files = (r.kind for r in writable if r.restore.assemble)
        self._files = {kind: (live.contents(kind), saved.contents(kind)) for kind in with_files}

    def _read(self, known: Mapping[str, list[Json]]) -> Side:
        """Return the live side of what is selected, with the lists of what that refers to.

        Raises what a scan raises, and Incomplete if owners cannot be listed completely.
        """
        saved, owners, account = self.saved, self.selection.owners, self.saved.account_id
        kinds = {resource.kind: resource for resource in catalog.resources() if resource.kind in saved.kinds}
        # Values that are named are looked up one by one: their owner may hold a million others.
        by_name = bool(self.filter.items)
        resources = [kinds[r.parent] if by_name and r.restore.values else r for r in self.selection.writable]
        reading = {kind for resource in resources for kind in line_of(resource, kinds)}
        mentioned = referred_kinds(resources, kinds)
        listed: dict[str, list[Json]] = {}
        given: dict[str, list[Json]] = {}
        for kind in sorted(mentioned - reading):
            with suppress(UserError, MalformedAnswer, Incomplete):
                listed[kind] = self.reader.list(kinds[kind], Owner(account, account, {}))
        for kind in sorted(owner_kinds(resources) & reading) if owners is not None else ():
            ids = (owners or {}).get(kind, set())
            if kind in known and kind not in mentioned:
                listed[kind] = known[kind]
            elif ids or kind in mentioned:
                listed[kind] = self.reader.list(kinds[kind], Owner(account, account, {}))
            pairs = match_holders(
                saved.holders(kinds[kind], account), holders_of(kinds[kind], listed.setdefault(kind, []))
            )
            given[kind] = [decode(now.line) for then, now in pairs if then and now and then.id in ids]
        placed = {placed.kind for placed in saved.snapshot.manifest.placed.values()}
        plan = ScanPlan(
            resources=tuple(resource for kind, resource in kinds.items() if kind in reading),
            given=given,
            contents=frozenset(resource.kind for resource in resources if resource.restore.assemble),
            values=frozenset(r.kind for r in resources if r.restore.values and r.kind in placed),
            everywhere=True,
        )
        return Side(self.reader.scan(plan), catalog.resources(), listed)

    def targets(self, kind: str) -> list[Target]:
        """Return the selected owners of *kind*, or the account. Raises Refused if they do not fit."""
        if kind not in self._targets:
            ids = None if self.selection.owners is None else self.selection.owners.get(kind, set())
            self._targets[kind] = [
                self._target(kind, pair)
                for pair in self.pairing.owners(kind)
                if ids is None or kind == ACCOUNT or (pair.new is not None and pair.new.id in ids)
            ]
        return self._targets[kind]

    def _target(self, kind: str, pair: OwnerPair) -> Target:
        account = self.saved.account_id
        live, saved = (Owner(account, one.id, decode(one.line)) if one else None for one in pair[:2])
        if kind == ACCOUNT:
            return Target(kind, live, saved, pair, not self.filter.items)
        writes = self.kinds[kind].writes
        if pair.old and pair.new and writes and not writes.renames and pair.old.identity != pair.new.identity:
            was, now = (" ".join(holder.identity) for holder in (pair.new, pair.old))
            raise Refused(
                f"{self.saved.snapshot.name} does not match this account: {kind} {pair.new.id} is {was!r} "
                f"in the snapshot and {now!r} in the account",
                hint="nothing was changed; `inv snapshots.list` shows other snapshots",
            )
        chosen = saved is None or self.filter.selects_item(self.kinds[kind], saved.item)
        return Target(kind, live, saved, pair, chosen)

    def owner(self, target: Target) -> Owner | None:
        """Return the live owner, also one that was created in this run."""
        return target.live or self._created.get((target.kind, target.id))

    def expect(self, resource: Resource, saved: Json) -> None:
        """Note that *saved* will be created again, with an id that is not known yet."""
        id = key_of(resource, saved)
        if resource.key not in resource.identity:
            self.ids.setdefault(id, f"the new id of {id}")

    def learn(self, resource: Resource, saved: Json, key: str) -> None:
        """Note that *saved* was created again, with *key*; keep only its names."""
        names = {name: saved[name] for name in (resource.label, *resource.identity) if name in saved}
        owner = Owner(self.saved.account_id, key, names | {resource.key: key})
        self._created[resource.kind, key_of(resource, saved)] = owner
        if resource.key not in resource.identity:
            self.ids[key_of(resource, saved)] = key

    def forget(self, resource: Resource, saved: Json) -> None:
        """Note that *saved* was not created."""
        self.ids.pop(key_of(resource, saved), None)

    def renamed(self, resource: Resource, saved: Json) -> Json:
        """Return an item of the snapshot with its own key, and the live ids of what it refers to."""
        if not self.ids or not resource.restore.mentions:
            return saved
        own = {resource.key: saved[resource.key]} if resource.key in saved else {}
        return {**replaced(saved, self.ids), **own}

    def pairs(self, resource: Resource, target: Target) -> Iterator[ItemPair]:
        """Yield the items of a kind in *target* that differ or, if they have files, may differ."""
        if resource.restore.values:
            return self._value_pairs(resource, target)
        ids = None
        if resource.kind in self.owner_kinds:
            self.targets(resource.kind)  # raises Refused if they do not fit
            ids = None if self.selection.owners is None else self.selection.owners.get(resource.kind, set())
        if target.live is None and self.owner(target) is not None:
            found = self._pairs_in_new(resource, target)
        else:
            found = self.pairing.items(resource, target.pair, every=bool(resource.restore.assemble))
        return (pair for pair in found if self._selects(resource, target, pair, ids))

    def selects(self, resource: Resource, target: Target, item: Json) -> bool:
        """True if *item* is named, or everything in *target* is restored."""
        return target.chosen or self.filter.selects_item(resource, item)

    def _selects(self, resource: Resource, target: Target, pair: ItemPair, ids: set[str] | None) -> bool:
        if pair.new is None:
            # It was created after the snapshot, so *ids*, the chosen owners of it, cannot have it.
            live, named = pair.old or {}, bool(self.filter.items)
            chosen = self.selects(resource, target, live) if ids is None or named else False
            return chosen and self.filter.selects_owner(resource, live)
        known = ids is None or key_of(resource, pair.new) in ids
        chosen = self.selects(resource, target, pair.new)
        return chosen and known and self.filter.selects_owner(resource, pair.new)

    def _pairs_in_new(self, resource: Resource, target: Target) -> Iterator[ItemPair]:
        """Yield the pairs of an owner that was created in this run; what it was created with is read now."""
        owner = self.owner(target)
        found = self.reader.list(resource, owner) if owner else []
        live = {identity_of(resource, one): one for one in found}
        for saved in self.saved.items(resource, target.id):
            if pair := self.pairing.compare(resource, live.get(identity_of(resource, saved)), saved):
                yield pair

    def _value_pairs(self, resource: Resource, target: Target) -> Iterator[ItemPair]:
        values, owner = resource.restore.values, self.owner(target)
        live, saved = self.values[resource.kind]
        file = saved.get(target.id)
        if values is None or (file is None and self.keys_only(resource, target)):
            return
        written, names = self.kinds[values.kind], self.filter.items
        path = file.path if file else self.saved.snapshot.path
        found = _made(merged_values(live.get(owner.id) if owner else None, file), path, values.make)
        if names and not target.chosen:
            found = (match for match in found if " ".join(identity_of(written, match[1] or {})) in names)
        if names and owner:
            found = self._looked_up(owner, written, found)
        sections = None if names else self.pairing.sections(resource.kind, target.pair)
        complete = [section.status == COMPLETE for section in sections] if sections else [True, True]
        for old, new in found:
            certain = (old is not None or complete[0]) and (new is not None or complete[1])
            if pair := self.pairing.compare(written, old, new, certain=certain):
                yield pair

    def keys_only(self, resource: Resource, target: Target) -> int:
        """Return the number of keys in *target* if the snapshot was made without their values."""
        known = target.id in self.values[resource.kind][1]
        return 0 if known else self.saved.section(resource.kind, target.id).count

    def _looked_up(self, owner: Owner, resource: Resource, wanted: Iterator[Match]) -> Iterator[Match]:
        writes = resource.writes
        find_all = writes.find_all if writes else None
        assert find_all is not None  # noqa: S101 (values are written in bulk)
        while some := [new for _, new in islice(wanted, _TOGETHER) if new is not None]:
            yield from zip(find_all(self.reader.client, owner, some), some, strict=True)

    def same_files(self, resource: Resource, live: Json, saved: Json) -> bool:
        """True if an item has the files that the snapshot holds, or if that is not known."""
        found, sides = [], ((self.live, live), (self.saved, saved))
        for (side, item), files in zip(sides, self._files[resource.kind], strict=True):
            id = key_of(resource, item)
            if side.section(resource.kind + CONTENTS, id).status != COMPLETE:
                return True
            found.append({name: file.compared for name, file in files.get(id, {}).items()})
        return found[0] == found[1]

    def assembled(self, resource: Resource, listed: Json, *, live: bool) -> Json:
        """Return the whole item, of which lists hold only a part. Raises Damaged if a part is missing."""
        side, id = self.live if live else self.saved, key_of(resource, listed)
        snapshot, assemble = side.snapshot, resource.restore.assemble
        assert assemble is not None  # noqa: S101 (only such kinds are assembled)
        parts = {}
        for kind in resource.restore.parts:
            part = self.kinds[kind]
            parts[kind] = [one if live else self.renamed(part, one) for one in side.items(part, id)]
        files = [
            Content(name, file.media_type, file_bytes(snapshot.path, snapshot.manifest, file.path), file.role)
            for name, file in self._files[resource.kind][not live].get(id, {}).items()
        ]
        try:
            return assemble(listed if live else self.renamed(resource, listed), parts, files)
        except (KeyError, TypeError, AttributeError) as error:
            if live:
                raise
            raise Damaged(f"{str(listed)[:60]} of the snapshot cannot be restored: {error}") from None


def _made(found: Iterator[Match], path: Path, make: Callable[[Json], Json]) -> Iterator[Match]:
    """Yield stored lines as items. Raises Damaged for a line that is not a stored value."""
    try:
        for lines in found:
            old, new = (make(line) if line is not None else None for line in lines)
            yield old, new
    except Damaged:
        raise
    except (OpsError, ValueError, RecursionError) as error:
        reason = getattr(error, "message", str(error))
        raise Damaged(f"{path} holds a line that is not a stored value: {reason}") from None
