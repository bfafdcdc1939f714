"""Pairing: which item of one side is which item of the other, and what differs between the two.

This is the only comparison of two states: `snapshots.diff` and `snapshots.drift` report its pairs,
`snapshots.restore` applies them. Items that others belong to or refer to are paired by their id, and those
that were created again by their identity; all others by their identity, and those left by their id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource, comparable, identity_of
from ops.snapshots.compare.merge import Match, Sorted, by_key, likest, merged, sort_key
from ops.snapshots.compare.side import Field, Holder, Side, fields
from ops.snapshots.layout import encode, kind_file
from ops.snapshots.manifest import COMPLETE, Section

_TEXT = re.compile(rb'"((?:[^"\\]|\\.)+)"')
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\b")
_ID_BYTES = re.compile(_ID.pattern.encode())
_SHORTEST = 32


class OwnerPair(NamedTuple):
    """An item that others belong to, on both sides; None on the side that does not hold it.

    *proven* says for each side whether it certainly does not exist there, if the side does not hold it.
    """

    old: Holder | None
    new: Holder | None
    name: str = ""
    proven: tuple[bool, bool] = (False, False)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ids and the name of the item."""
        ids = (holder.id for holder in (self.new, self.old) if holder is not None)
        return tuple(dict.fromkeys(filter(None, (*ids, self.name))))


class ItemPair(NamedTuple):
    """An item that differs: *old* and *new* as each side holds it, *before* and *after* as compared.

    If one of them is None, *certain* says whether that side proves that the item does not exist.
    """

    old: Json | None
    new: Json | None
    before: Json | None
    after: Json | None
    fields: tuple[Field, ...] = ()
    certain: bool = True


class References(NamedTuple):
    """How ids inside an item are compared: two are equal if they refer to the same item, each on its side.

    *old* and *new* replace ids on either side: on the old side by the id that the item has on the new one,
    on both sides an id that refers to nothing, while on the other side it refers to an item.
    """

    old: Mapping[str, str]
    new: Mapping[str, str]
    ids: frozenset[bytes]

    def touch(self, line: bytes) -> bool:
        """True if *line* holds an id that is replaced on either side."""
        return not self.ids.isdisjoint(_TEXT.findall(line)) or not self.ids.isdisjoint(
            _ID_BYTES.findall(line)
        )


def parent_kinds(kinds: Iterable[Resource]) -> set[str]:
    """Return the kinds that other items or files belong to, or refer to by an id."""
    found: set[str] = set()
    for resource in kinds:
        found |= {resource.parent, *_mentioned(resource), *([resource.kind] if resource.contents else ())}
    return found - {ACCOUNT}


def referred_kinds(resources: Iterable[Resource], kinds: Mapping[str, Resource]) -> set[str]:
    """Return those of *kinds* that items of *resources* may refer to by an id of Cloudflare's choice."""
    found = (kinds.get(kind) for resource in resources for kind in _mentioned(resource))
    return {r.kind for r in found if r and r.key not in r.identity and r.parent == ACCOUNT}


class Pairing:
    """The items of two sides, paired. *kinds* are all that are declared."""

    def __init__(self, old: Side, new: Side, kinds: Iterable[Resource]) -> None:
        self.old, self.new = old, new
        self.kinds = {resource.kind: resource for resource in kinds}
        self._by_id = parent_kinds(self.kinds.values())
        self._within: dict[tuple[str, str, str], list[OwnerPair]] = {}
        self._references: dict[str, References] = {}

    def owners(self, kind: str) -> list[OwnerPair]:
        """Return the items of *kind* (or the account) as pairs that others belong to."""
        if kind == ACCOUNT:
            old, new = (Holder(side.account_id, (), "", b"{}") for side in (self.old, self.new))
            return [OwnerPair(old, new)]
        resource = self.kinds[kind]
        return [
            pair
            for owner in self.owners(resource.parent)
            for pair in self._owners_in(resource, owner)
            if any(holder is not None and holder.id for holder in pair[:2])
        ]

    def _owners_in(self, resource: Resource, owner: OwnerPair) -> list[OwnerPair]:
        key = (resource.kind, owner.old.id if owner.old else "", owner.new.id if owner.new else "")
        if key not in self._within:
            found = self._within[key] = []
            before, first = _held(self.old, resource, owner.old, proven=owner.proven[0])
            after, second = _held(self.new, resource, owner.new, proven=owner.proven[1])
            for one, other in match_holders(before, after):
                old = None if one and self.old.gone(resource.kind, one.id) else one
                new = None if other and self.new.gone(resource.kind, other.id) else other
                name = one.name if one else other.name if other else ""
                # What was deleted while a snapshot was made certainly does not exist there.
                found.append(OwnerPair(old, new, name, (first or old is not one, second or new is not other)))
        return self._within[key]

    def sections(self, kind: str, owner: OwnerPair) -> tuple[Section, Section] | None:
        """Return how completely each side holds *kind* in *owner*; None if nothing can be said about it.

        That is so if neither side has the owner, or if one lacks it without proof: then the owner itself is
        unknown, with everything in it.
        """
        found = []
        for side, holder, proven in zip((self.old, self.new), owner[:2], owner.proven, strict=True):
            if holder is None and not proven:
                return None
            found.append(side.section(kind, holder.id) if holder else Section(kind, "", COMPLETE))
        return None if owner.old is None and owner.new is None else (found[0], found[1])

    def items(self, resource: Resource, owner: OwnerPair, *, every: bool = False) -> Iterator[ItemPair]:
        """Yield the items of a kind in *owner* that differ; with *every* also parents that do not differ."""
        if (sections := self.sections(resource.kind, owner)) is None:
            return
        complete = tuple(section.status == COMPLETE for section in sections)
        for old, new in self._matches(resource, owner, every=every):
            certain = (old is not None or complete[0]) and (new is not None or complete[1])
            if found := self.compare(resource, old, new, certain=certain):
                yield found
            elif every:
                yield ItemPair(old, new, old, new)

    def compare(
        self, resource: Resource, old: Json | None, new: Json | None, *, certain: bool = True
    ) -> ItemPair | None:
        """Return two items as a pair, or None if they do not differ."""
        old_ids, new_ids, _ = self.references(resource)
        before = None if old is None else comparable(resource, replaced(old, old_ids) if old_ids else old)
        after = None if new is None else comparable(resource, replaced(new, new_ids) if new_ids else new)
        if before is None or after is None:
            return ItemPair(old, new, before, after, (), certain)
        found = tuple(fields(before, after))
        return ItemPair(old, new, before, after, found) if found else None

    def _matches(self, resource: Resource, owner: OwnerPair, *, every: bool) -> Iterator[Match]:
        references = self.references(resource)
        if resource.kind in self._by_id:
            for old, new, *_ in self._owners_in(resource, owner):
                differs = old is None or new is None or old.line != new.line or references.touch(old.line)
                if (every or differs) and (old or new):
                    before = self.old.parsed(resource, old.line) if old else None
                    yield before, self.new.parsed(resource, new.line) if new else None
            return
        refers = references.touch if references.ids else None
        same = partial(
            likest,
            seen_old=lambda item: encode(comparable(resource, replaced(item, references.old))),
            seen_new=lambda item: encode(comparable(resource, replaced(item, references.new))),
        )
        sides = (_sorted(resource, self.old, owner.old), _sorted(resource, self.new, owner.new))
        found = merged(*sides, same=same, refers=refers)
        again = tuple(partial(_created_as, resource, ids) for ids in references[:2])
        yield from by_key(resource, found, (again[0], again[1])) if owner.old and owner.new else found

    def references(self, resource: Resource) -> References:
        """Return how ids inside the items of a kind are compared."""
        if resource.kind not in self._references:
            kinds = sorted(referred_kinds([resource], self.kinds))
            pairs = (pair for kind in kinds for pair in self.owners(kind))
            self._references[resource.kind] = _references(pairs)
        return self._references[resource.kind]


def _created_as(resource: Resource, ids: Mapping[str, str], item: Json) -> tuple[str, ...]:
    """Return the identity of *item* in canonical form, with the ids that its references have now."""
    canonical = resource.compare.canonical
    renamed = replaced(item, ids) if ids else item
    return identity_of(resource, canonical(renamed) if canonical else renamed)


def match_holders(before: list[Holder], after: list[Holder]) -> Iterator[tuple[Holder | None, Holder | None]]:
    """Match items by their id, and those that were created again by their identity."""
    left = dict(enumerate(after))
    kept = {holder.id for holder in before}
    by_id = {holder.id: number for number, holder in left.items() if holder.id}
    again = {h.identity: number for number, h in reversed(left.items()) if not h.id or h.id not in kept}
    for old in before:
        number = by_id.get(old.id, again.get(old.identity, -1))
        yield old, left.pop(number, None)
    for new in left.values():
        yield None, new


def replaced(value: Any, ids: Mapping[str, str]) -> Any:
    """Return *value* with each text that is one of *ids* replaced, and each of them inside a text.

    Expressions of rules and targets of records hold ids of lists and tunnels.
    """
    if isinstance(value, str):
        if value in ids or len(value) <= _SHORTEST:
            return ids.get(value, value)
        return _ID.sub(lambda id: ids.get(id[0], id[0]), value)
    if isinstance(value, dict):
        return {name: replaced(held, ids) for name, held in value.items()}
    return [replaced(held, ids) for held in value] if isinstance(value, list) else value


def _held(side: Side, resource: Resource, owner: Holder | None, *, proven: bool) -> tuple[list[Holder], bool]:
    """Return the items of *owner* on one side, and whether they are certainly all that exist there."""
    if owner is None:
        return [], proven
    return side.holders(resource, owner.id), side.section(resource.kind, owner.id).status == COMPLETE


def _references(pairs: Iterable[OwnerPair]) -> References:
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    for pair in pairs:
        before, after = (holder.id if holder else "" for holder in pair[:2])
        if before == after:
            continue
        if after:
            if before:
                old[before] = after
            if pair.proven[0]:
                old[after] = _missing(after)
        if before:
            # Where the new side may hold more, the old id is taken for the new one: nothing proves otherwise.
            new[before] = _missing(before) if pair.proven[1] else after or before
    ids = frozenset(encode(id).strip()[1:-1] for id in (*old, *new))
    return References(old, new, ids)


def _missing(id: str) -> str:
    return f"{id} (does not exist)"


def _mentioned(resource: Resource) -> list[str]:
    return list(dict.fromkeys((*resource.restore.mentions, *(kind for _, kind in resource.links))))


def _sorted(resource: Resource, side: Side, holder: Holder | None) -> Sorted:
    path = side.snapshot.path / kind_file(resource.kind)
    lines = side.lines(resource, holder.id) if holder else iter(())
    return Sorted(lines, sort_key(resource), path)
