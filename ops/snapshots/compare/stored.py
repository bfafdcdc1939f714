"""Stored: the files of items and the values under keys, compared by what tells them apart, not shown.

What is stored may be large, and may be what nobody wants to see in a pull request: its size and the beginning
of its SHA-256 stand for it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from ops.kinds.resource import Json, Resource
from ops.snapshots.compare.difference import CHANGED, CREATED, DELETED, Difference, one_sided, unknown, whole
from ops.snapshots.compare.fields import differences
from ops.snapshots.compare.merge import Sorted, side_by_side
from ops.snapshots.compare.pairing import Place, Sides
from ops.snapshots.compare.side import CONTENTS, Side
from ops.snapshots.lines import value_key
from ops.snapshots.sections import COMPLETE, Section
from ops.snapshots.spans import damaged, opened

if TYPE_CHECKING:
    from pathlib import Path

    from ops.snapshots.writer import Stored

VALUES = "/values"
_SHOWN = 16


class ValueFile:
    """The values stored in one owner: a line a key, with its `key` and its `value`."""

    def __init__(self, path: Path, stored: Stored) -> None:
        self.path, self._stored = path, stored

    def lines(self) -> Iterator[bytes]:
        """Yield the lines; raises Damaged, after the last one, where the file is not what was written."""
        digest, size = sha256(), 0
        with opened(self.path) as file:
            for line in file:
                digest.update(line)
                size += len(line)
                yield line
        if (size, digest.hexdigest()) != (self._stored.bytes, self._stored.sha256):
            raise damaged(self.path)


def contents(sides: Sides, resource: Resource) -> Iterator[Difference]:
    """Yield the files of items that came, went or changed."""
    kind, places = resource.kind + CONTENTS, sides.places(resource.kind)
    mentioned = sides.old.mentions(kind), sides.new.mentions(kind)
    if not all(mentioned):
        if any(mentioned) and any(place.old and place.new for place in places):
            yield one_sided(kind, read_by_old=mentioned[0])
        return
    before, after = _contents(sides.old, resource.kind), _contents(sides.new, resource.kind)
    for place in places:
        standing = sides.standing(kind, place)
        if standing is None:
            continue
        if not whole(*standing):
            yield unknown(kind, place.name, *standing)
        old, new = before.get(place.old or "", {}), after.get(place.new or "", {})
        yield from _files(kind, place, standing, old, new)


def _files(
    kind: str,
    place: Place,
    standing: tuple[Section, Section],
    old: dict[str, Json],
    new: dict[str, Json],
) -> Iterator[Difference]:
    was, now = standing
    ids = place.owners
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None and was.status == COMPLETE:
            yield Difference(kind, place.name, CREATED, name, (), None, after, ids)
        elif after is None and now.status == COMPLETE:
            yield Difference(kind, place.name, DELETED, name, (), before, None, ids)
        elif before is not None and after is not None and before != after:
            fields = tuple(differences(before, after, {}))
            yield Difference(kind, place.name, CHANGED, name, fields, before, after, ids)


def values(sides: Sides, resource: Resource) -> Iterator[Difference]:
    """Yield the keys whose values changed; those that came or went are items, which tell of themselves."""
    before, after = value_files(sides.old, resource.kind), value_files(sides.new, resource.kind)
    places = [place for place in sides.places(resource.parent) if place.old and place.new]
    for side, files, others in ((sides.old, before, after), (sides.new, after, before)):
        at = (
            {place.old: place.new for place in places}
            if side is sides.old
            else {place.new: place.old for place in places}
        )
        if any(_lacks(side, resource, one, files) and other in others for one, other in at.items()):
            yield one_sided(resource.kind + VALUES, read_by_old=side is sides.new)
            return
    for place in places:
        if place.old in before and place.new in after:
            for key, old, new in _changed(before[place.old], after[place.new]):
                fields = (("value", old, new),)
                yield Difference(
                    resource.kind, place.name, CHANGED, key, fields, {}, {}, (key,), place.owners
                )


def _lacks(side: Side, resource: Resource, scope: str | None, files: dict[str, ValueFile]) -> bool:
    """Say whether a side has keys there, but not what is stored under them."""
    assert scope is not None  # noqa: S101 (only places that both sides have are asked for)
    return scope not in files and side.standing(resource.kind, scope).count > 0


def _contents(side: Side, kind: str) -> dict[str, dict[str, Json]]:
    """Give for each item of *kind* its files by name: size in bytes and SHA-256 of each."""
    manifest = side.snapshot.manifest
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for file, placed in sorted(manifest.placed.items()):
        if placed.kind == kind and placed.item and file in manifest.files:
            name, files = placed.name, found[placed.item]
            while name in files:  # two files of one item may have one name
                name += "'"
            files[name] = manifest.files[file]._asdict()
    return found


def value_files(side: Side, kind: str) -> dict[str, ValueFile]:
    """Give for each owner of *kind* the file of the values stored in it."""
    snapshot = side.snapshot
    return {
        placed.scope: ValueFile(snapshot.path / file, snapshot.manifest.files[file])
        for file, placed in snapshot.manifest.placed.items()
        if placed.kind == kind and not placed.item and file in snapshot.manifest.files
    }


def _changed(old: ValueFile, new: ValueFile) -> Iterator[tuple[str, str, str]]:
    """Yield each key that both have with another value, and both values in short."""
    for before, after in merged(old, new):
        if before is not None and after is not None:
            one, other = _short(before.get("value")), _short(after.get("value"))
            if one != other:
                yield value_key(before)[0], one, other


def merged(old: ValueFile, new: ValueFile) -> Iterator[tuple[Json | None, Json | None]]:
    """Yield what either file holds under each key, where that is not the same to the byte."""
    before, after = (Sorted(file.lines(), value_key, file.path) for file in (old, new))
    return side_by_side(before, after)


def _short(value: object) -> str:
    data = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    told = data.encode("utf-8", "surrogatepass")
    return f"{len(told):,} bytes, sha256 {sha256(told).hexdigest()[:_SHOWN]}"
