"""Compare: what became of an account between two snapshots.

Items are matched by what identifies them, those that are left by their id, so that a record whose content was
edited is one that changed. What was not read to its end on either side is "unknown": where the newer side is
not whole nothing counts as deleted, where the older one is not, nothing as created.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.kinds.change import comparable
from ops.kinds.resource import ACCOUNT, Json, Resource, identity_of, reach
from ops.snapshots.compare.difference import CHANGED, CREATED, DELETED, UNKNOWN, Difference, unknown, whole
from ops.snapshots.compare.fields import Field, differences
from ops.snapshots.compare.merge import Sorted, by_key, key_of, pairs
from ops.snapshots.compare.pairing import Place, Sides
from ops.snapshots.compare.side import ABSENT, CONTENTS, Side, name_of
from ops.snapshots.compare.stored import contents, values
from ops.snapshots.layout import kind_file
from ops.snapshots.sections import COMPLETE, Section

if TYPE_CHECKING:
    from ops.snapshots.library import Snapshot


class Comparison:
    """The differences between *old* and *new*, to be iterated once; the counts are known after the last.

    *kinds* are all that are declared, *wanted* says of a kind (or `<kind>/contents`) whether it is asked for.
    Raises Refused for snapshots of two accounts, and on the way Damaged for one that is not what was written.
    """

    def __init__(
        self, old: Snapshot, new: Snapshot, kinds: Sequence[Resource], wanted: Callable[[str], bool]
    ) -> None:
        one, other = old.manifest.account_id, new.manifest.account_id
        if one != other:
            raise Refused(f"{old.name} is of the account {one}, {new.name} of {other}")
        self.old, self.new = old, new
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []
        """The kinds that neither side was asked to read."""
        self._wanted = wanted
        self._sides = Sides(old, new, kinds)
        self._old, self._new = self._sides.old, self._sides.new
        self._moved = dict(self._sides.moved())

    def __iter__(self) -> Iterator[Difference]:
        of_kinds = map(self._of_kind, self._sides.kinds.values())
        for difference in chain(chain.from_iterable(of_kinds), self._of_strange_kinds()):
            self.counts[difference.change] += 1
            yield difference

    def _of_strange_kinds(self) -> Iterator[Difference]:
        """Tell of kinds that only another version of this program knows."""
        known = self._sides.kinds
        strange = {k for side in (self._old, self._new) for k in side.kinds if k not in known}
        for kind in sorted(strange):
            if kind.removesuffix(CONTENTS) not in known and self._wanted(kind):
                was, now = (COMPLETE if kind in s.kinds else ABSENT for s in (self._old, self._new))
                reason = "this version of cfops does not know the kind"
                yield Difference(kind, "", UNKNOWN, "", (("", was, now),), reason=reason)

    def _of_kind(self, resource: Resource) -> Iterator[Difference]:
        if self._wanted(resource.kind):
            yield from self._items(resource)
            if resource.values:
                yield from values(self._sides, resource)
        if resource.contents and self._wanted(resource.kind + CONTENTS):
            yield from contents(self._sides, resource)

    def _items(self, resource: Resource) -> Iterator[Difference]:
        was, now = (side.left_out(resource.kind) for side in (self._old, self._new))
        read = [side for side in (self._old, self._new) if side.mentions(resource.kind)]
        if not read:
            if was or now or self._sides.places(resource.parent):
                self.left_out.append(resource.kind)
        elif was or now:
            missing = Section(resource.kind, "", COMPLETE)
            yield unknown(resource.kind, "", was or missing, now or missing)
        else:
            for place in self._sides.places(resource.parent):
                yield from self._in_place(resource, place)
            yield from self._strays(resource)

    def _in_place(self, resource: Resource, place: Place) -> Iterator[Difference]:
        standing = self._sides.standing(resource.kind, place)
        if standing is None:
            return
        was, now = standing
        if not whole(was, now):
            yield unknown(resource.kind, place.name, was, now)
        old, new = _sorted(resource, self._old, place.old), _sorted(resource, self._new, place.new)
        matched = pairs(resource, old, new)
        if place.old is not None and place.new is not None:
            matched = by_key(resource, matched)
        for before, after in matched:
            certain = (before is not None or was.status == COMPLETE) and (
                after is not None or now.status == COMPLETE
            )
            if certain and (found := self._difference(resource, place, before, after)):
                yield found

    def _difference(
        self, resource: Resource, place: Place, before: Json | None, after: Json | None
    ) -> Difference | None:
        old = comparable(resource, before) if before is not None else None
        new = comparable(resource, after) if after is not None else None
        fields: tuple[Field, ...] = ()
        if old is not None and new is not None:
            fields = tuple(differences(old, new, self._moved))
            if not fields:
                return None
        change = CREATED if old is None else DELETED if new is None else CHANGED
        items = [item for item in (after, before) if item is not None]
        name = name_of(resource, items[0])
        ids = dict.fromkeys((*(str(reach(item, resource.key) or "") for item in items), name))
        ids.pop("", None)
        owners = place.owners if resource.parent != ACCOUNT else ()
        name = _told(resource, name, items)
        return Difference(resource.kind, place.name, change, name, fields, old, new, tuple(ids), owners)

    def _strays(self, resource: Resource) -> Iterator[Difference]:
        """Tell of items whose owner the snapshot does not hold: they can be matched with nothing."""
        known = self._sides.places(resource.parent)
        held = ({place.old for place in known}, {place.new for place in known})
        for side, owners in zip((self._old, self._new), held, strict=True):
            for scope in sorted(side.scopes(resource)):
                if scope not in owners and not side.gone(resource.parent, scope):
                    reason = f"{side.snapshot.name} does not hold what they lie in"
                    fields = (("", "stray", "stray"),)
                    yield Difference(resource.kind, scope, UNKNOWN, "", fields, reason=reason)


def _sorted(resource: Resource, side: Side, scope: str | None) -> Sorted:
    path = side.snapshot.path / kind_file(resource.kind)
    return Sorted(side.lines(resource, scope), key_of(resource), path)


def _told(resource: Resource, name: str, items: list[Json]) -> str:
    """Give an item's *name*, and what else identifies it in each of its states."""
    if resource.identity == (resource.label,):
        return name
    first, *others = (identity_of(resource, item) for item in items)
    same = (value for value in first if value and all(value in other for other in others))
    return " ".join(dict.fromkeys((name, *same)))
