"""Places: what things lie in, as the snapshot knows it and as it stands now, perhaps made anew meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ops.errors import Refused
from ops.kinds.resource import ACCOUNT, Json, Owner, Resource, identity_of, reach
from ops.restore.wanted import Owners, Wanted
from ops.snapshots.compare.side import Side
from ops.snapshots.layout import kind_file
from ops.snapshots.spans import item

Match = tuple[Json | None, Json | None]


class Place(NamedTuple):
    """An owner on both sides; *new* is None where it is not there now, *old* where the snapshot lacks it.

    *chosen* says that all in it is asked for, not only the items that are named.
    """

    kind: str
    old: Owner | None
    new: Owner | None
    chosen: bool = True

    @property
    def inside(self) -> bool:
        """Say whether it is a part of the account, and not the account itself."""
        return self.kind != ACCOUNT

    @property
    def name(self) -> str:
        """Give what people know the owner by."""
        found = self.old or self.new
        return str((found.item.get("name") or found.item.get("title") or found.id) if found else "")


class Places:
    """The owners of one restore. *relevant* are those that it is about, by kind; None where all are."""

    def __init__(
        self, old: Side, now: Side, kinds: Mapping[str, Resource], wanted: Wanted, relevant: Owners | None
    ) -> None:
        self._old, self._now, self._kinds, self._wanted = old, now, kinds, wanted
        self._relevant = relevant
        self._of: dict[str, list[Place]] = {}
        self._made: dict[tuple[str, str], Owner] = {}

    def of(self, kind: str) -> list[Place]:
        """Give the owners of *kind*, or the account."""
        if kind not in self._of:
            self._of[kind] = list(self._found(kind))
        return self._of[kind]

    def _found(self, kind: str) -> Iterator[Place]:
        account = self._old.account_id
        if kind == ACCOUNT:
            owner = Owner(account, account, {})
            yield Place(ACCOUNT, owner, owner, not self._wanted.items)
            return
        resource = self._kinds[kind]
        for place in self.of(resource.parent):
            before = items(self._old, resource, place.old)
            for old, new in matched(resource, before, items(self._now, resource, place.new)):
                if self._is_relevant(resource, old):
                    yield self._place(resource, old, new)

    def _is_relevant(self, resource: Resource, old: Json | None) -> bool:
        if self._relevant is None:
            return True
        return old is not None and key_of(resource, old) in self._relevant.get(resource.kind, ())

    def _place(self, resource: Resource, old: Json | None, new: Json | None) -> Place:
        account = self._old.account_id
        self._check_fit(resource, old, new)
        before, after = (one and Owner(account, key_of(resource, one), one) for one in (old, new))
        chosen = old is None or self._wanted.names_item(resource, old)
        return Place(resource.kind, before or None, after or None, chosen)

    def _check_fit(self, resource: Resource, old: Json | None, new: Json | None) -> None:
        """Refuse a snapshot in which an id stands for something else than it does in the account."""
        if old is None or new is None or resource.writes is None or resource.writes.renames:
            return
        was, now = identity_of(resource, old), identity_of(resource, new)
        if was != now:
            raise Refused(
                f"{self._old.snapshot.name} does not fit this account: to it, {resource.kind} "
                f"{key_of(resource, old)} is {' '.join(was)}, and it is {' '.join(now)}",
                hint="nothing was changed; `inv snapshots.list` shows other snapshots",
            )

    def now(self, place: Place) -> Owner | None:
        """Give the owner as it stands by now: one that was made in this run as well."""
        return place.new or self._made.get((place.kind, place.old.id if place.old else ""))

    def is_new(self, place: Place) -> bool:
        """Say whether the owner was made in this run, so that nothing is known of what stands in it."""
        return place.new is None and self.now(place) is not None

    def learn(self, resource: Resource, old: Json, key: str) -> None:
        """Take note that *old* has been made again, under *key*: of what it was only its names are left."""
        names = {name: old[name] for name in (resource.label, *resource.identity) if name in old}
        owner = Owner(self._old.account_id, key, names | {resource.key: key})
        self._made[resource.kind, key_of(resource, old)] = owner


def key_of(resource: Resource, found: Json) -> str:
    return str(reach(found, resource.key) or "")


def items(side: Side, resource: Resource, owner: Owner | None) -> list[Json]:
    """Give the items of *owner* on one side; none where it is not there."""
    if owner is None:
        return []
    path = side.snapshot.path / kind_file(resource.kind)
    return [item(path, line) for line in side.lines(resource, owner.id)]


def matched(resource: Resource, before: Iterable[Json], after: Iterable[Json]) -> Iterator[Match]:
    """Pair items by their key, and those that were made anew by what identifies them."""
    left = {key_of(resource, one): one for one in after}
    unmatched = []
    for one in before:
        other = left.pop(key_of(resource, one), None)
        if other is not None:
            yield one, other
        else:
            unmatched.append(one)
    by_identity = {identity_of(resource, one): key for key, one in reversed(left.items())}
    for one in unmatched:
        key = by_identity.pop(identity_of(resource, one), None)
        yield one, left.pop(key) if key is not None else None
    for other in left.values():
        yield None, other
