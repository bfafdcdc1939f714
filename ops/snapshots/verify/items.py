"""Verify the lines of a snapshot: each is one of ours, they are in order, and as many as are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Resource, identity_of
from ops.snapshots import snapshot
from ops.snapshots.layout import MANIFEST, kind_file
from ops.snapshots.lines import decode, encode, value_key
from ops.snapshots.manifest import Manifest
from ops.snapshots.sections import COMPLETE

_LONGEST = 256 << 20  # no item and no value comes near it; a file without line ends must not fill the memory
_CONTENTS = "/contents"

Key = tuple[str, ...]


def problems(
    folder: Path,
    manifest: Manifest,
    resources: Mapping[str, Resource],
    whole: Collection[str],
    warn: Callable[[str], None],
) -> Iterator[str]:
    """Yield what is wrong with the items in the files *whole*, whose bytes are known to be right.

    *warn* is told where two items of one owner have the same identity: the API let that pass, but nothing can
    tell them apart.
    """
    told = Counter((section.kind, section.scope) for section in manifest.sections)
    yield from (f"{MANIFEST}: {kind} in {scope} is told twice" for (kind, scope), n in told.items() if n > 1)
    counts: Counter[tuple[str, str]] = Counter()
    for name in sorted(whole):
        if "/" not in name:
            yield from _lines(folder / name, name, _item_key(name, manifest, resources, counts), warn)
        elif name not in manifest.placed:
            yield f"{name}: the manifest does not say whose it is"
        elif name.endswith(".jsonl") and not manifest.placed[name].item:
            yield from _values(folder / name, name, manifest, warn)
    yield from (f"{name}: is missing" for name in sorted(manifest.placed.keys() - manifest.files.keys()))
    yield from _miscounted(manifest, counts, whole)


def _item_key(
    name: str, manifest: Manifest, resources: Mapping[str, Resource], counts: Counter[tuple[str, str]]
) -> Callable[[Json], Key]:
    """Return what tells an item's key, raises ValueError for what is none, and counts it."""
    kind = name.removesuffix(".jsonl")
    resource = resources.get(kind)
    of_account = resource is not None and resource.parent == ACCOUNT

    def key(line: Json) -> Key:
        scope, item = line["scope"], line["item"]
        if not isinstance(scope, str) or not isinstance(item, dict) or len(line) != 2:
            raise ValueError("is no item")
        if of_account and scope != manifest.account_id:
            raise ValueError(f"lies in {scope}, not in this account")
        counts[kind, scope] += 1
        return (scope, *(identity_of(resource, item) if resource else ()))

    return key


def _values(path: Path, name: str, manifest: Manifest, warn: Callable[[str], None]) -> Iterator[str]:
    placed, found = manifest.placed[name], 0

    def key(line: Json) -> Key:
        nonlocal found
        found += 1
        return value_key(line)

    yield from _lines(path, name, key, warn)
    for section in manifest.sections:
        of_it = (section.kind, section.scope) == (placed.kind, placed.scope)
        if of_it and section.status == COMPLETE and section.count != found:
            yield f"{name}: has {found:,} values, the manifest tells of {section.count:,}"


def _lines(
    path: Path, name: str, key_of: Callable[[Json], Key], warn: Callable[[str], None]
) -> Iterator[str]:
    """Yield the first thing that is wrong with the lines of a file: each follows the one before it."""
    before: tuple[Key, bytes] | None = None
    twin = 0
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
            try:
                found = decode(line)
                now = (key_of(found), line)
            except (ValueError, KeyError, RecursionError) as error:
                yield f"{name}, line {number}: {_said(error)}"
                return
            if encode(found) != line:
                yield f"{name}, line {number}: is not as cfops writes it"
                return
            if before is not None and before >= now:
                yield f"{name}, line {number}: {'is there twice' if before == now else 'is out of order'}"
                return
            twin = twin or (number if before is not None and before[0] == now[0] else 0)
            before = now
    if twin:
        warn(f"{name}, line {twin}: has the same identity as the one before it, and may not be the only one")


def _said(error: Exception) -> str:
    return str(error) if type(error) is ValueError else "is no item"


def _miscounted(
    manifest: Manifest, counts: Counter[tuple[str, str]], whole: Collection[str]
) -> Iterator[str]:
    """Yield each section that has not got as many items, or contents, as the manifest tells."""
    contents = Counter((placed.kind + _CONTENTS, placed.item) for placed in manifest.placed.values())
    told: Counter[tuple[str, str]] = Counter()
    for section in manifest.sections:
        told[section.kind, section.scope] = section.count
    for kind, scope in sorted(told.keys() | counts.keys()):
        of_contents = kind.endswith(_CONTENTS)
        if not of_contents and kind_file(kind) in manifest.files.keys() - set(whole):
            continue
        found = (contents if of_contents else counts)[kind, scope]
        if found != told[kind, scope]:
            where = f"{kind} in {scope}" if scope else kind
            yield f"{MANIFEST}: {told[kind, scope]:,} of {where} are told, {found:,} are there"


def dangling(folder: Path, manifest: Manifest, resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yield a sentence for each owner and each link that is not there."""
    kinds = snapshot.kinds(manifest)
    known = {kind: _ids(folder, resources[kind]) for kind in sorted(_targets(manifest, resources))}
    for kind in kinds:
        if (resource := resources.get(kind)) is None:
            continue
        links = [(field, target) for field, target in resource.links if target in known]
        owners = known.get(resource.parent)
        if not links and owners is None:
            continue
        for scope, items in groupby(snapshot.items(folder, kind), key=lambda found: found[0]):
            if owners is not None and scope not in owners:
                yield f"{kind}: lies in the {resource.parent} {scope}, which is not there"
            for _, item in items if links else ():
                yield from _broken(resource, item, links, known)
    yield from _ownerless(manifest, known)


def _targets(manifest: Manifest, resources: Mapping[str, Resource]) -> set[str]:
    """Return the kinds that others in it lie in or name, and that were read completely."""
    there = [resources[kind] for kind in snapshot.kinds(manifest) if kind in resources]
    wanted = {resource.parent for resource in there if resource.parent != ACCOUNT}
    wanted |= {target for resource in there for _, target in resource.links}
    wanted |= {placed.kind for placed in manifest.placed.values() if placed.item}
    statuses: dict[str, set[str]] = {}
    for section in manifest.sections:
        statuses.setdefault(section.kind, set()).add(section.status)
    return {kind for kind in wanted if kind in resources and statuses.get(kind) == {COMPLETE}}


def _ids(folder: Path, resource: Resource) -> set[str]:
    return {str(reach(item, resource.key)) for _, item in snapshot.items(folder, resource.kind)}


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
