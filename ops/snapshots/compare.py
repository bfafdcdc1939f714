"""Compare: what became of an account between two snapshots.

Items are matched by what identifies them, those that are left by their id, so that a record whose content was
edited is one that changed. What was not read to its end on either side is "unknown": where the newer side is
not whole nothing counts as deleted, where the older one is not, nothing as created.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.change import comparable
from ops.errors import Refused
from ops.resource import ACCOUNT, Json, Resource, identity_of, reach
from ops.snapshots.fields import Field, differences
from ops.snapshots.lines import decode, encode
from ops.snapshots.merge import Pair, Sorted, key_of, pairs
from ops.snapshots.sections import COMPLETE, SKIPPED, Section
from ops.snapshots.side import ABSENT, CONTENTS, Place, Side, name_of, places
from ops.snapshots.stored import VALUES, changed, contents, values

if TYPE_CHECKING:
    from ops.snapshots.library import Snapshot

CREATED, DELETED, CHANGED, UNKNOWN = "created", "deleted", "changed", "unknown"


class Difference(NamedTuple):
    """One item that is not as it was, or a part of the account of which that cannot be told.

    *scope* names the owner, empty for the account; *fields* are those that changed; *before* and *after* are
    the item without what changes by itself; *ids* are those of the item and of its owner. Of what is unknown
    *fields* holds the status on either side, and *reason* says why.
    """

    kind: str
    scope: str
    change: str
    name: str
    fields: tuple[Field, ...] = ()
    before: Json | None = None
    after: Json | None = None
    ids: tuple[str, ...] = ()
    reason: str = ""


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
        self.counts: Counter[str] = Counter()
        self.left_out: list[str] = []
        """The kinds that neither side was asked to read."""
        self._old, self._new = Side(old, kinds), Side(new, kinds)
        self._kinds = {resource.kind: resource for resource in kinds}
        self._wanted = wanted
        self._places: dict[str, list[Place]] = {}
        self._moved = dict(self._ids_that_moved())

    def __iter__(self) -> Iterator[Difference]:
        for resource in self._kinds.values():
            for difference in self._of_kind(resource):
                self.counts[difference.change] += 1
                yield difference

    def _of_kind(self, resource: Resource) -> Iterator[Difference]:
        if self._wanted(resource.kind):
            yield from self._items(resource)
            if resource.values:
                yield from self._values(resource)
        if resource.contents and self._wanted(resource.kind + CONTENTS):
            yield from self._contents(resource)

    def _places_of(self, kind: str) -> list[Place]:
        if kind not in self._places:
            self._places[kind] = places(kind, self._old, self._new, self._kinds)
        return self._places[kind]

    def _ids_that_moved(self) -> Iterator[tuple[str, str]]:
        for resource in self._kinds.values():
            if resource.scope == ACCOUNT and resource.key not in resource.identity:
                for place in self._places_of(resource.kind):
                    if place.old and place.new and place.old != place.new:
                        yield place.old, place.new

    def _items(self, resource: Resource) -> Iterator[Difference]:
        was, now = (side.left_out(resource.kind) for side in (self._old, self._new))
        read = [side for side in (self._old, self._new) if side.mentions(resource.kind)]
        if (was or now) and not read:
            self.left_out.append(resource.kind)
        elif was or now:
            missing = Section(resource.kind, "", COMPLETE)
            yield self._unknown(resource.kind, "", was or missing, now or missing)
        else:
            for place in self._places_of(resource.scope):
                yield from self._in_place(resource, place)
            yield from self._strays(resource)

    def _in_place(self, resource: Resource, place: Place) -> Iterator[Difference]:
        standing = self._standing(resource.kind, resource.scope, place)
        if standing is None:
            return
        was, now = standing
        if not _whole(was, now):
            yield self._unknown(resource.kind, place.name, was, now)
        order = key_of(resource)
        found = pairs(
            resource,
            Sorted(self._old.lines(resource, place.old), order, self._old.snapshot.path),
            Sorted(self._new.lines(resource, place.new), order, self._new.snapshot.path),
        )
        for before, after in _by_id(resource, place, found):
            certain = (before is not None or was.status == COMPLETE) and (
                after is not None or now.status == COMPLETE
            )
            if certain:
                yield from self._difference(resource, place, before, after)

    def _standing(self, kind: str, lies_in: str, place: Place) -> tuple[Section, Section] | None:
        """Give how well either side knows *kind* there; None where nothing is to be said of it.

        That is where neither side has the owner, and where one does not but may have had it: then the owner
        itself is unknown, and all in it.
        """
        before, after = place.proven
        if (place.old is None and place.new is None) or (place.old is None and not before):
            return None
        if place.new is None and not after:
            return None
        nothing = Section(kind, "", COMPLETE)
        return (
            nothing if place.old is None else self._old.standing(kind, lies_in, place.old),
            nothing if place.new is None else self._new.standing(kind, lies_in, place.new),
        )

    def _difference(
        self, resource: Resource, place: Place, before: Json | None, after: Json | None
    ) -> Iterator[Difference]:
        old, new = (comparable(resource, item) if item is not None else None for item in (before, after))
        fields = () if old is None or new is None else tuple(differences(old, new, self._moved))
        if old is not None and new is not None and not fields:
            return
        yield Difference(
            resource.kind,
            place.name,
            CREATED if old is None else DELETED if new is None else CHANGED,
            _told(resource, before, after),
            fields,
            old,
            new,
            _ids(resource, place, before, after),
        )

    def _strays(self, resource: Resource) -> Iterator[Difference]:
        """Tell of items whose owner the snapshot does not hold: they can be matched with nothing."""
        known = self._places_of(resource.scope)
        held = ({place.old for place in known}, {place.new for place in known})
        for side, owners in zip((self._old, self._new), held, strict=True):
            for scope in sorted(side.scopes(resource)):
                if scope not in owners and not side.gone(resource.scope, scope):
                    reason = f"{side.snapshot.name} does not hold what they lie in"
                    section = Section(resource.kind, scope, "stray", 0, reason)
                    yield self._unknown(resource.kind, scope, section, section)

    def _contents(self, resource: Resource) -> Iterator[Difference]:
        kind = resource.kind + CONTENTS
        mentioned = [side.mentions(kind) for side in (self._old, self._new)]
        if not all(mentioned):
            if any(mentioned) and any(place.old and place.new for place in self._places_of(resource.kind)):
                yield self._one_sided(kind, read_by_old=mentioned[0])
            return
        before, after = contents(self._old, resource.kind), contents(self._new, resource.kind)
        for place in self._places_of(resource.kind):
            standing = self._standing(kind, resource.kind, place)
            if standing is None:
                continue
            if not _whole(*standing):
                yield self._unknown(kind, place.name, *standing)
            old, new = before.get(place.old or "", {}), after.get(place.new or "", {})
            yield from self._files(kind, place, standing, old, new)

    def _files(
        self,
        kind: str,
        place: Place,
        standing: tuple[Section, Section],
        old: dict[str, Json],
        new: dict[str, Json],
    ) -> Iterator[Difference]:
        was, now = standing
        ids = tuple(filter(None, (place.new, place.old)))
        for name in sorted(old.keys() | new.keys()):
            before, after = old.get(name), new.get(name)
            if before is None and was.status == COMPLETE:
                yield Difference(kind, place.name, CREATED, name, (), None, after, ids)
            elif after is None and now.status == COMPLETE:
                yield Difference(kind, place.name, DELETED, name, (), before, None, ids)
            elif before is not None and after is not None and before != after:
                fields = tuple(differences(before, after, {}))
                yield Difference(kind, place.name, CHANGED, name, fields, before, after, ids)

    def _values(self, resource: Resource) -> Iterator[Difference]:
        before, after = values(self._old, resource.kind), values(self._new, resource.kind)
        if bool(before) != bool(after):
            yield self._one_sided(resource.kind + VALUES, read_by_old=bool(before))
            return
        for place in self._places_of(resource.scope):
            if place.old in before and place.new in after:
                for key, old, new in changed(before[place.old], after[place.new]):
                    ids = tuple(filter(None, (place.new, place.old)))
                    yield Difference(
                        resource.kind, place.name, CHANGED, key, (("value", old, new),), {}, {}, ids
                    )

    def _one_sided(self, kind: str, *, read_by_old: bool) -> Difference:
        read, not_read = Section(kind, "", COMPLETE), Section(kind, "", ABSENT, 0, "not in the snapshot")
        return self._unknown(kind, "", *((read, not_read) if read_by_old else (not_read, read)))

    @staticmethod
    def _unknown(kind: str, scope: str, was: Section, now: Section) -> Difference:
        reason = " / ".join(dict.fromkeys(filter(None, (was.reason, now.reason))))
        return Difference(kind, scope, UNKNOWN, "", (("", was.status, now.status),), reason=reason)


def _whole(was: Section, now: Section) -> bool:
    """Say whether all can be told; of what both sides were not asked to list, nobody wants to hear."""
    # A section that was skipped and holds items holds those that were asked for by name.
    if was.status == now.status == SKIPPED and was.count and now.count:
        return True
    return was.status == now.status == COMPLETE


def _by_id(resource: Resource, place: Place, found: Iterator[Pair]) -> Iterator[Pair]:
    """Yield *found*, and match by their id those items that nothing on the other side is identical with."""
    if place.old is None or place.new is None or resource.key in resource.identity:
        yield from found
        return
    # As lines: they take a third of the memory.
    left: tuple[dict[str, bytes], dict[str, bytes]] = {}, {}
    for before, after in found:
        one = before if after is None else after
        id = reach(one or {}, resource.key)
        side = left[before is None]
        if (before is not None and after is not None) or not isinstance(id, str) or id in side:
            yield before, after
        else:
            side[id] = encode(one)
    for id, line in left[0].items():
        other = left[1].pop(id, None)
        yield decode(line), decode(other) if other is not None else None
    for line in left[1].values():
        yield None, decode(line)


def _told(resource: Resource, before: Json | None, after: Json | None) -> str:
    """Give an item's name, and what else identifies it on both sides."""
    items = [item for item in (after, before) if item is not None]
    name, identities = name_of(resource, items[0]), [identity_of(resource, item) for item in items]
    same = [one for one in identities[0] if one and all(one in other for other in identities)]
    return " ".join(dict.fromkeys((name, *same)))


def _ids(resource: Resource, place: Place, before: Json | None, after: Json | None) -> tuple[str, ...]:
    """Give the ids of the item, the newer first, then those of its owner."""
    own = (str(reach(item or {}, resource.key) or "") for item in (after, before))
    return tuple(dict.fromkeys(filter(None, (*own, place.new, place.old))))
