"""A snapshot in the product's own format: a file for each parent, such as a BIND file for each zone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.snapshots import snapshot
from ops.snapshots.layout import slug
from ops.snapshots.manifest import COMPLETE, Manifest
from ops.snapshots.writer import store


def write(
    folder: Path, manifest: Manifest, target: Path, resources: Iterable[Resource], ending: str
) -> list[str]:
    """Write the files of *ending* into the empty folder *target*.

    Return a sentence for each thing that they cannot represent.
    """
    losses = []
    kinds = snapshot.kinds(manifest)
    for resource in resources:
        if not resource.document or resource.document.ending != ending or resource.kind not in kinds:
            continue
        found = owners(folder, manifest, resource, resources)
        for scope, lines in groupby(snapshot.items(folder, resource.kind), itemgetter(0)):
            losses += _write_one(target, resource, scope, found.get(scope), [item for _, item in lines])
        for section in manifest.sections:
            # A parent that was read completely and has no items gets a file too.
            if section.kind == resource.kind and section.status == COMPLETE and not section.count:
                losses += _write_one(target, resource, section.scope, found.get(section.scope), [])
    return losses


def owners(
    folder: Path, manifest: Manifest, resource: Resource, resources: Iterable[Resource]
) -> dict[str, Json]:
    """Return the parents of the items of *resource*, by their ids."""
    owner = next((r for r in resources if r.kind == resource.parent), None)
    if owner is None or owner.kind not in snapshot.kinds(manifest):
        return {}
    return {str(reach(item, owner.key)): item for _, item in snapshot.items(folder, owner.kind)}


def _write_one(
    target: Path, resource: Resource, scope: str, owner: Json | None, items: list[Json]
) -> list[str]:
    if owner is None or resource.document is None:
        return [f"{len(items)} of {resource.kind} are omitted: their parent {scope} is not in the snapshot"]
    text, losses = resource.document.make(owner, items)
    file = target / f"{slug(str(owner.get('name') or scope), scope)}{resource.document.ending}"
    store(file, [text.encode("utf-8", "backslashreplace")])
    return losses
