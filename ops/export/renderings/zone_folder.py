"""A snapshot as texts in the product's own form: a file for each owner, such as a BIND file for each zone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.snapshots import snapshot
from ops.snapshots.layout import slug
from ops.snapshots.manifest import Manifest
from ops.snapshots.sections import COMPLETE
from ops.snapshots.writer import store


def write(
    folder: Path, manifest: Manifest, target: Path, resources: Iterable[Resource], ending: str
) -> list[str]:
    """Write the files of *ending* into the folder *target*, which is there and empty.

    Gives a sentence for each thing that they cannot hold.
    """
    told = []
    for resource in _offering(manifest, resources, ending):
        found = owners(folder, manifest, resource, resources)
        for scope, lines in groupby(snapshot.items(folder, resource.kind), itemgetter(0)):
            told += _write_one(target, resource, scope, found.get(scope), [item for _, item in lines])
        for scope in _empty(manifest, resource.kind):
            told += _write_one(target, resource, scope, found.get(scope), [])
    return told


def _offering(manifest: Manifest, resources: Iterable[Resource], ending: str) -> list[Resource]:
    there = snapshot.kinds(manifest)
    return [r for r in resources if r.document and r.document.ending == ending and r.kind in there]


def _empty(manifest: Manifest, kind: str) -> list[str]:
    """Return the owners that were read to the end and have nothing of *kind*: they have a file, too."""
    sections = (s for s in manifest.sections if s.kind == kind)
    return [s.scope for s in sections if s.status == COMPLETE and not s.count]


def owners(
    folder: Path, manifest: Manifest, resource: Resource, resources: Iterable[Resource]
) -> dict[str, Json]:
    """Return the items that those of *resource* lie in, by their ids."""
    owner = next((r for r in resources if r.kind == resource.parent), None)
    if owner is None or owner.kind not in snapshot.kinds(manifest):
        return {}
    return {str(reach(item, owner.key)): item for _, item in snapshot.items(folder, owner.kind)}


def _write_one(
    target: Path, resource: Resource, scope: str, owner: Json | None, items: list[Json]
) -> list[str]:
    if owner is None or resource.document is None:
        return [f"{len(items)} of {resource.kind} are left out: the snapshot does not tell what {scope} is"]
    text, losses = resource.document.make(owner, items)
    name = str(owner.get("name") or scope)
    store(
        target / f"{slug(name, scope)}{resource.document.ending}", [text.encode("utf-8", "backslashreplace")]
    )
    return losses
