"""Pairing: which owner on the older side is which on the newer one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.compare.side import Holder, Side
from ops.snapshots.sections import COMPLETE, Section

if TYPE_CHECKING:
    from ops.snapshots.library import Snapshot


class Place(NamedTuple):
    """Where items lie on either side: the owner's ids; None where that side does not have the owner.

    *proven*: for each side, that it holds all there was, should it not have the owner.
    """

    old: str | None
    new: str | None
    name: str = ""
    proven: tuple[bool, bool] = (False, False)

    @property
    def owners(self) -> tuple[str, ...]:
        """Give what the owner goes by."""
        return tuple(dict.fromkeys(filter(None, (self.new, self.old, self.name))))


class Sides:
    """Two snapshots, and what in the one is what in the other. *kinds* are all that are declared."""

    def __init__(self, old: Snapshot, new: Snapshot, kinds: Sequence[Resource]) -> None:
        self.old, self.new = Side(old, kinds), Side(new, kinds)
        self.kinds = {resource.kind: resource for resource in kinds}
        self._places: dict[str, list[Place]] = {}

    def places(self, kind: str) -> list[Place]:
        """Give the items of *kind*, or the account, as places where others lie."""
        if kind not in self._places:
            self._places[kind] = _places(kind, self.old, self.new, self.kinds)
        return self._places[kind]

    def moved(self) -> Iterator[tuple[str, str]]:
        """Yield the old and the new id of all that was made anew and that others may refer to."""
        for resource in self.kinds.values():
            if resource.parent == ACCOUNT and resource.key not in resource.identity:
                for place in self.places(resource.kind):
                    if place.old and place.new and place.old != place.new:
                        yield place.old, place.new

    def standing(self, kind: str, place: Place) -> tuple[Section, Section] | None:
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
            nothing if place.old is None else self.old.standing(kind, place.old),
            nothing if place.new is None else self.new.standing(kind, place.new),
        )


def _places(kind: str, old: Side, new: Side, by_kind: dict[str, Resource]) -> list[Place]:
    """Match the owners of *kind* (or the account): by id, and those that were made anew by identity.

    An identity holds within the owner's own owner, which is matched in the same way.
    """
    if kind == ACCOUNT:
        return [Place(old.account_id, new.account_id)]
    resource = by_kind[kind]
    return [
        match
        for place in _places(resource.parent, old, new, by_kind)
        for match in _within(resource, place, old, new)
    ]


def _within(resource: Resource, place: Place, old: Side, new: Side) -> Iterator[Place]:
    before, after = old.holders(resource, place.old), new.holders(resource, place.new)
    proven = (
        _proves(old, resource, place.old, proven=place.proven[0]),
        _proves(new, resource, place.new, proven=place.proven[1]),
    )
    by_id, by_identity = {h.id: h for h in after}, _first_by_identity(before, after)
    for one in before:
        other = by_id.pop(one.id, None) or by_id.pop(by_identity.get(one.identity, ""), None)
        yield _settled(resource, old, new, Place(one.id, other.id if other else None, one.name, proven))
    for other in by_id.values():
        yield _settled(resource, old, new, Place(None, other.id, other.name, proven))


def _first_by_identity(before: list[Holder], after: list[Holder]) -> dict[tuple[str, ...], str]:
    """Give the id of the new item of each identity that no old item has by its id."""
    kept = {one.id for one in before}
    return {other.identity: other.id for other in reversed(after) if other.id not in kept}


def _settled(resource: Resource, old: Side, new: Side, place: Place) -> Place:
    """Take an owner that was deleted while a snapshot was made as what it is: not there, for certain."""
    first, second = place.proven
    if place.old is not None and old.gone(resource.kind, place.old):
        place, first = place._replace(old=None), True
    if place.new is not None and new.gone(resource.kind, place.new):
        place, second = place._replace(new=None), True
    return place._replace(proven=(first, second))


def _proves(side: Side, resource: Resource, scope: str | None, *, proven: bool) -> bool:
    if scope is None:
        return proven
    return side.standing(resource.kind, scope).status == COMPLETE
