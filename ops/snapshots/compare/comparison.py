"""Comparison: what changed in an account between two snapshots.

What was not read completely on either side is "unknown": if the newer side is incomplete, nothing counts as
deleted; if the older one is, nothing counts as created.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from ops.errors import Refused
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource, identity_of
from ops.snapshots.compare.merge import Match, Sorted, merged
from ops.snapshots.compare.pairing import ItemPair, OwnerPair, Pairing
from ops.snapshots.compare.side import (
    ABSENT,
    CHANGED,
    CONTENTS,
    CREATED,
    DELETED,
    UNKNOWN,
    Difference,
    File,
    Side,
    ValueFile,
    fields,
    key_of,
    name_of,
    one_sided,
    unknown,
    whole,
)
from ops.snapshots.layout import value_key
from ops.snapshots.manifest import COMPLETE, Section
from ops.snapshots.snapshot import Snapshot, checked_lines

VALUES = "/values"
_SHOWN = 16


class Comparison:
    """The differences between *old* and *new*, to be iterated once; the counts are final after the last one.

    *kinds* are all that are declared; *selected* returns True for a kind (or `<kind>/contents`) to compare.
    Raises Refused for snapshots of two accounts; iterating raises Damaged for a file that was changed.
    """

    def __init__(
        self, old: Snapshot, new: Snapshot, kinds: Sequence[Resource], selected: Callable[[str], bool]
    ) -> None:
        accounts = old.manifest.account_id, new.manifest.account_id
        if accounts[0] != accounts[1]:
            raise Refused(
                f"{old.name} is a snapshot of the account {accounts[0]}, {new.name} one of {accounts[1]}"
            )
        self.old, self.new = old, new
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []
        """The kinds that neither side was asked to read."""
        self._selected = selected
        self._pairing = Pairing(Side(old, kinds), Side(new, kinds), kinds)
        self._sides = (self._pairing.old, self._pairing.new)

    def __iter__(self) -> Iterator[Difference]:
        for difference in self._differences():
            self.counts[difference.change] += 1
            yield difference

    def _differences(self) -> Iterator[Difference]:
        declared = self._pairing.kinds
        for resource in declared.values():
            if self._selected(resource.kind):
                yield from self._items(resource)
                if resource.values:
                    yield from self._values(resource)
            if resource.contents and self._selected(resource.kind + CONTENTS):
                yield from self._contents(resource)
        # Only another version of this program declares these.
        for kind in sorted({kind for side in self._sides for kind in side.kinds}):
            if kind.removesuffix(CONTENTS) not in declared and self._selected(kind):
                old, new = (COMPLETE if kind in side.kinds else ABSENT for side in self._sides)
                reason = "this version of cfops does not know the kind"
                yield Difference(kind, "", UNKNOWN, "", (("", old, new),), reason=reason)

    def _items(self, resource: Resource) -> Iterator[Difference]:
        owners = self._pairing.owners(resource.parent)
        old, new = (side.skipped(resource.kind) for side in self._sides)
        if not any(resource.kind in side.kinds for side in self._sides):
            if old or new or owners:
                self.left_out.append(resource.kind)
        elif old or new:
            missing = Section(resource.kind, "", COMPLETE)
            yield unknown(resource.kind, "", old or missing, new or missing)
        else:
            for owner in owners:
                sections = self._pairing.sections(resource.kind, owner)
                if sections and not whole(*sections):
                    yield unknown(resource.kind, owner.name, *sections)
                for pair in self._pairing.items(resource, owner):
                    if pair.certain:
                        yield _difference(resource, owner, pair)
            yield from self._strays(resource, owners)

    def _strays(self, resource: Resource, owners: Sequence[OwnerPair]) -> Iterator[Difference]:
        """Yield the items whose parent the snapshot does not hold: they cannot be paired."""
        for side, at in zip(self._sides, (0, 1), strict=True):
            held = {holder.id for owner in owners if (holder := owner[:2][at])}
            for scope in sorted(side.scopes(resource) - held):
                if not side.gone(resource.parent, scope):
                    reason = f"{side.snapshot.name} does not hold their parent"
                    statuses = (("", "stray", "stray"),)
                    yield Difference(resource.kind, scope, UNKNOWN, "", statuses, reason=reason)

    def _contents(self, resource: Resource) -> Iterator[Difference]:
        kind, owners = resource.kind + CONTENTS, self._pairing.owners(resource.kind)
        old, new = (kind in side.kinds for side in self._sides)
        if not (old and new):
            if (old or new) and any(owner.old and owner.new for owner in owners):
                yield one_sided(kind, held_by_old=old)
            return
        before, after = (side.contents(resource.kind) for side in self._sides)
        for owner in owners:
            if sections := self._pairing.sections(kind, owner):
                if not whole(*sections):
                    yield unknown(kind, owner.name, *sections)
                files = (
                    held.get(holder.id if holder else "", {})
                    for held, holder in zip((before, after), owner[:2], strict=True)
                )
                yield from _files(kind, owner, sections, *files)

    def _values(self, resource: Resource) -> Iterator[Difference]:
        """Yield the keys whose values changed; created and deleted keys are differences of their own."""
        held = tuple(side.values(resource.kind) for side in self._sides)
        both = [(o, o.old.id, o.new.id) for o in self._pairing.owners(resource.parent) if o.old and o.new]
        for at, side in enumerate(self._sides):
            for _, *ids in both:
                keys_only = ids[at] not in held[at] and side.section(resource.kind, ids[at]).count
                if keys_only and ids[1 - at] in held[1 - at]:
                    yield one_sided(resource.kind + VALUES, held_by_old=at == 1)
                    return
        for owner, old, new in both:
            if old in held[0] and new in held[1]:
                for before, after in merged_values(held[0][old], held[1][new]):
                    if before is not None and after is not None and _stored(before) != _stored(after):
                        key, change = value_key(before)[0], (("value", _short(before), _short(after)),)
                        yield Difference(
                            resource.kind, owner.name, CHANGED, key, change, {}, {}, (key,), owner.names
                        )


def _difference(resource: Resource, owner: OwnerPair, pair: ItemPair) -> Difference:
    change = CREATED if pair.old is None else DELETED if pair.new is None else CHANGED
    items = [item for item in (pair.new, pair.old) if item is not None]
    name = name_of(resource, items[0])
    ids = dict.fromkeys(filter(None, (*(key_of(resource, item) for item in items), name)))
    owners = owner.names if resource.parent != ACCOUNT else ()
    name = _full_name(resource, name, items)
    return Difference(
        resource.kind, owner.name, change, name, pair.fields, pair.before, pair.after, tuple(ids), owners
    )


def _full_name(resource: Resource, name: str, items: list[Json]) -> str:
    """Return an item's *name* with whatever else identifies it in each of its states."""
    if resource.identity == (resource.label,):
        return name
    first, *others = (identity_of(resource, item) for item in items)
    same = (value for value in first if value and all(value in other for other in others))
    return " ".join(dict.fromkeys((name, *same)))


def _files(
    kind: str,
    owner: OwnerPair,
    sections: tuple[Section, Section],
    old: dict[str, File],
    new: dict[str, File],
) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        before, after = (held[name].compared if name in held else None for held in (old, new))
        found = tuple(fields(before, after)) if before and after else ()
        change = CREATED if before is None else DELETED if after is None else CHANGED
        certain = (before or sections[0].status == COMPLETE) and (after or sections[1].status == COMPLETE)
        if certain and (found or change != CHANGED):
            yield Difference(kind, owner.name, change, name, found, before, after, owner.names)


def merged_values(old: ValueFile | None, new: ValueFile | None) -> Iterator[Match]:
    """Yield the lines of two files (None: no keys) for each key whose lines are not equal to the byte."""
    before, after = (
        Sorted(checked_lines(*file), value_key, file.path) if file else Sorted(iter(()), value_key, Path())
        for file in (old, new)
    )
    return merged(before, after)


def _stored(line: Json) -> tuple[object, object]:
    return line.get("value"), line.get("base64", False)


def _short(line: Json) -> str:
    """Return a stored value's size and the beginning of its SHA-256: it may be large, or a secret."""
    value = line.get("value")
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    try:
        data = b64decode(text, validate=True) if line.get("base64") is True else None
    except ValueError:
        data = None
    data = text.encode("utf-8", "surrogatepass") if data is None else data
    return f"{len(data):,} bytes, sha256 {sha256(data).hexdigest()[:_SHOWN]}"
