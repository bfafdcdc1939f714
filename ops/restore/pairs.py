"""Pairs: what stands beside what the snapshot holds, for each item that is not the same to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ops.kinds.resource import Json, Owner, Resource, identity_of, reach
from ops.restore import values
from ops.restore.places import Place
from ops.restore.standing import listed
from ops.restore.view import View
from ops.snapshots.compare.merge import Sorted, by_key, key_of
from ops.snapshots.compare.merge import pairs as merged
from ops.snapshots.compare.side import Side
from ops.snapshots.layout import kind_file

Pair = tuple["Json | None", "Json | None"]


def pairs(view: View, resource: Resource, place: Place) -> Iterator[Pair]:
    """Yield what stands and what the snapshot holds of a kind in *place*, naming others by the ids of now."""
    if resource.kind in view.owning:
        return _owners(view, resource)
    if resource.restore.values:
        return _values(view, resource, place)
    return _named(view, resource, place, _items(view, resource, place))


def _named(view: View, resource: Resource, place: Place, found: Iterator[Pair]) -> Iterator[Pair]:
    """Leave out what is not asked for by name; what has come since has no part in a choice of names."""
    if not view.wanted.items or place.chosen:
        return found
    return ((now, then) for now, then in found if then is not None and view.wanted.names_item(resource, then))


def _owners(view: View, resource: Resource) -> Iterator[Pair]:
    for place in view.places.of(resource.kind):
        asked = place.old is not None and view.wanted.names_owner(resource, place.old.item) and place.chosen
        if asked or place.old is None:
            yield _item(place.new), _then(view, resource, place.old)


def _item(owner: Owner | None) -> Json | None:
    return None if owner is None else owner.item


def _then(view: View, resource: Resource, owner: Owner | None) -> Json | None:
    """Give the item as it was, under its own old key, with the ids that what it names has now."""
    if owner is None:
        return None
    return view.named(owner.item) | {resource.key: reach(owner.item, resource.key)}


def _items(view: View, resource: Resource, place: Place) -> Iterator[Pair]:
    if view.places.is_new(place):
        return _in_new(view, resource, place)
    standing = view.now.lines(resource, place.new.id if place.new else None)
    sides = (standing, view.now), (view.lines(resource, place), view.old)
    now, then = (Sorted(lines, key_of(resource), _path(side, resource)) for lines, side in sides)
    found = merged(resource, now, then)
    return by_key(resource, found) if place.new else found


def _path(side: Side, resource: Resource) -> Path:
    return side.snapshot.path / kind_file(resource.kind)


def _in_new(view: View, resource: Resource, place: Place) -> Iterator[Pair]:
    """Yield the pairs of an owner that was made a moment ago: what it was born with is read now."""
    owner = view.places.now(place)
    born = listed(view.app, resource, owner) if owner else []
    there = {identity_of(resource, one): one for one in born}
    return ((there.get(identity_of(resource, one)), one) for one in view.items(resource, place))


def _values(view: View, resource: Resource, place: Place) -> Iterator[Pair]:
    assert resource.restore.values is not None and place.old is not None  # noqa: S101 (only such are asked for)
    old, new = view.values[resource.kind]
    if place.old.id not in old:
        return iter(())
    file, owner = old[place.old.id], view.places.now(place)
    if not view.wanted.items:
        return values.pairs(new.get(owner.id) if owner else None, file, resource.restore.values.make)
    written, names = view.kinds[resource.restore.values.kind], view.wanted.items
    wanted = values.items(file, resource.restore.values.make)
    if not place.chosen:
        wanted = (one for one in wanted if values.named(written, one, names))
    return (
        values.looked_up(view.app.client, owner, written, wanted)
        if owner
        else ((None, one) for one in wanted)
    )
