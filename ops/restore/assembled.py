"""Items that are made of more than their listing: with the items in them, and with their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from ops.errors import Damaged
from ops.kinds.resource import Content, Json, Owner, Resource
from ops.restore.places import items, key_of
from ops.snapshots.compare.side import CONTENTS, Side
from ops.snapshots.contents import checked
from ops.snapshots.sections import COMPLETE

Names = Callable[[Json], Json]


class File(NamedTuple):
    """What tells a file from others of its name, and where it lies."""

    sha256: str
    media_type: str
    role: str
    path: str


class Files:
    """The files of the items of one kind on one side."""

    def __init__(self, side: Side, resource: Resource) -> None:
        self._side, self._kind = side, resource.kind
        self._files: dict[str, dict[str, File]] = defaultdict(dict)
        manifest = side.snapshot.manifest
        for path, placed in sorted(manifest.placed.items()):
            if placed.kind == resource.kind and placed.item and path in manifest.files:
                found = File(manifest.files[path].sha256, placed.media_type, placed.role, path)
                self._files[placed.item][placed.name] = found

    def whole(self, id: str) -> bool:
        """Say whether all files of an item were read."""
        return self._side.standing(self._kind + CONTENTS, id).status == COMPLETE

    def same(self, id: str, other: Files, other_id: str) -> bool:
        """Say whether an item has the same files as one on the other side."""
        one, two = self._files.get(id, {}), other._files.get(other_id, {})
        return {n: f[:3] for n, f in one.items()} == {n: f[:3] for n, f in two.items()}

    def read(self, id: str) -> list[Content]:
        """Give the files of an item; raises Damaged where one is not what was written."""
        snapshot = self._side.snapshot
        return [
            Content(name, file.media_type, checked(snapshot.path, snapshot.manifest, file.path), file.role)
            for name, file in self._files.get(id, {}).items()
        ]


def assembled(
    side: Side, kinds: dict[str, Resource], resource: Resource, files: Files, listed: Json, named: Names
) -> Json:
    """Give the item that the writes of a kind take, made of what one side holds of *listed*.

    *named* gives an item with the ids that what it names has now. Raises Damaged where a part is missing.
    """
    owner = Owner(side.account_id, key_of(resource, listed), listed)
    parts = {kind: [named(one) for one in items(side, kinds[kind], owner)] for kind in resource.restore.parts}
    return _made(resource, named(listed), parts, files.read(owner.id))


def _made(resource: Resource, listed: Json, parts: dict[str, list[Json]], files: list[Content]) -> Json:
    assert resource.restore.assemble is not None  # noqa: S101 (only such kinds are asked for)
    try:
        return resource.restore.assemble(listed, parts, files)
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"what is kept of {str(listed)[:60]} makes no item: {error}") from None
