"""Links between items: what one lies in, or names, should be in the snapshot too.

Only where the kind that it should be among was read completely; of any other nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots import reader
from ops.snapshots.manifest import Manifest
from ops.snapshots.sections import COMPLETE


def dangling(folder: Path, manifest: Manifest, resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yield a sentence for each owner and each link that is not there."""
    kinds = reader.kinds(manifest)
    known = {kind: _ids(folder, resources[kind]) for kind in sorted(_targets(manifest, resources))}
    for kind in kinds:
        if (resource := resources.get(kind)) is None:
            continue
        links = [(field, target) for field, target in resource.links if target in known]
        owners = known.get(resource.parent)
        if not links and owners is None:
            continue
        for scope, items in groupby(reader.items(folder, kind), key=lambda found: found[0]):
            if owners is not None and scope not in owners:
                yield f"{kind}: lies in the {resource.parent} {scope}, which is not there"
            for _, item in items if links else ():
                yield from _broken(resource, item, links, known)
    yield from _ownerless(manifest, known)


def _targets(manifest: Manifest, resources: Mapping[str, Resource]) -> set[str]:
    """Return the kinds that others in it lie in or name, and that were read completely."""
    there = [resources[kind] for kind in reader.kinds(manifest) if kind in resources]
    wanted = {resource.parent for resource in there if resource.parent != ACCOUNT}
    wanted |= {target for resource in there for _, target in resource.links}
    wanted |= {placed.kind for placed in manifest.placed.values() if placed.item}
    statuses: dict[str, set[str]] = {}
    for section in manifest.sections:
        statuses.setdefault(section.kind, set()).add(section.status)
    return {kind for kind in wanted if kind in resources and statuses.get(kind) == {COMPLETE}}


def _ids(folder: Path, resource: Resource) -> set[str]:
    return {str(reach(item, resource.key)) for _, item in reader.items(folder, resource.kind)}


def _broken(
    resource: Resource, item: Json, links: list[tuple[str, str]], known: Mapping[str, set[str]]
) -> Iterator[str]:
    for field, target in links:
        named = reach(item, field)
        if named and str(named) not in known[target]:
            label = reach(item, resource.label) or reach(item, resource.key)
            yield f"{resource.kind} {label}: its {field} is {named}, and no such {target} is there"


def _ownerless(manifest: Manifest, known: Mapping[str, set[str]]) -> Iterator[str]:
    for name, placed in sorted(manifest.placed.items()):
        if placed.item and placed.kind in known and placed.item not in known[placed.kind]:
            yield f"{name}: belongs to the {placed.kind} {placed.item}, which is not there"
