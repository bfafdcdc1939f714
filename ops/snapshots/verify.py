"""Verify a snapshot offline: its files, their lines, the counts in the manifest, and the links between items.

Streaming: of the items only the ids of those that others belong or link to are kept in memory.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from ops.errors import Damaged
from ops.files.disk import open_regular
from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Resource, identity_of
from ops.snapshots import snapshot
from ops.snapshots.layout import MANIFEST, decode, encode, kind_file, value_key
from ops.snapshots.manifest import COMPLETE, Manifest, measured
from ops.snapshots.writer import Key, StoredFile

_LONGEST = 256 << 20  # longer than any item or value; a file without line ends must not fill the memory
_CONTENTS = "/contents"


class Verification(NamedTuple):
    """The result: *damage* by file, and *warnings* about broken links and items with the same identity."""

    damage: list[str]
    warnings: list[str]


def verify(
    folder: Path, manifest: Manifest, resources: Mapping[str, Resource], most: int = 1000
) -> Verification:
    """Check the snapshot in *folder*; at most *most* of each are kept, and the last then reports that.

    Links are checked only if nothing is damaged. Raises OSError for what cannot be read.
    """

    def first(found: Iterator[str]) -> list[str]:
        kept = list(islice(found, most))
        return kept if next(found, None) is None else [*kept, f"and more: {most} are shown"]

    duplicates: list[str] = []
    damage = first(_damage(folder, manifest, resources, duplicates.append))
    links = [] if damage else first(broken_links(folder, manifest, resources))
    return Verification(damage, duplicates + links)


def _damage(
    folder: Path, manifest: Manifest, resources: Mapping[str, Resource], warn: Callable[[str], None]
) -> Iterator[str]:
    found = dict(_files(folder, ""))
    for name in sorted(found.keys() - manifest.files.keys() - {MANIFEST}):
        yield f"{name}: {found[name] or 'is not in the manifest'}"
    intact = set()
    for name, stored in sorted(manifest.files.items()):
        problem = "is missing" if name not in found else found[name] or _difference(folder / name, stored)
        if problem:
            yield f"{name}: {problem}"
        else:
            intact.add(name)
    yield from _problems(folder, manifest, resources, intact, warn)


def _files(folder: Path, inside: str) -> Iterator[tuple[str, str]]:
    """Yield (name, problem) for each file under *folder*, "" if it has none; links are never followed."""
    empty = True
    with os.scandir(folder) as entries:
        for entry in entries:
            empty, name = False, f"{inside}{entry.name}"
            if entry.is_symlink():
                yield name, "is a link"
            elif entry.is_dir():
                yield from _files(folder / entry.name, f"{name}/")
            else:
                yield name, "" if entry.is_file(follow_symlinks=False) else "is not a regular file"
    if empty and inside:
        yield inside.removesuffix("/"), "is an empty folder"


def _difference(path: Path, stored: StoredFile) -> str:
    if (size := path.lstat().st_size) != stored.bytes:
        return f"has {size:,} bytes, not {stored.bytes:,}"
    return "" if measured(path) == stored else "differs from what was written (its SHA-256 differs)"


def _problems(
    folder: Path,
    manifest: Manifest,
    resources: Mapping[str, Resource],
    intact: Collection[str],
    warn: Callable[[str], None],
) -> Iterator[str]:
    """Yield the problems of the items in the files *intact*, whose bytes are known to be right.

    *warn* is called if two items of one parent have the same identity: nothing can distinguish them.
    """
    sections = Counter((section.kind, section.scope) for section in manifest.sections)
    yield from (
        f"{MANIFEST}: lists {kind} in {scope} twice" for (kind, scope), n in sections.items() if n > 1
    )
    yield from _carried(manifest)
    counts: Counter[tuple[str, str]] = Counter()
    for name in sorted(intact):
        if "/" not in name:
            yield from _lines(folder / name, name, _item_key(name, manifest, resources, counts), warn)
        elif name not in manifest.placed:
            yield f"{name}: the manifest does not name its item"
        elif name.endswith(".jsonl") and not manifest.placed[name].item:
            yield from _values(folder / name, name, manifest, warn)
    yield from (f"{name}: is missing" for name in sorted(manifest.placed.keys() - manifest.files.keys()))
    contents = Counter((placed.kind + _CONTENTS, placed.item) for placed in manifest.placed.values())
    expected = Counter({(section.kind, section.scope): section.count for section in manifest.sections})
    for kind, scope in sorted(expected.keys() | counts.keys()):
        found = (contents if kind.endswith(_CONTENTS) else counts)[kind, scope]
        # Items of a file that is damaged were not counted.
        file = kind_file(kind)
        counted = file in intact or file not in manifest.files
        if counted and found != expected[kind, scope]:
            where = f"{kind} in {scope}" if scope else kind
            yield f"{MANIFEST}: says {expected[kind, scope]:,} of {where}, but the snapshot has {found:,}"


def _carried(manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for each carried section that cannot be what it says."""
    for section in manifest.sections:
        if not section.carried_from:
            continue
        where = f"{MANIFEST}: {section.kind} in {section.scope}"
        if section.status != COMPLETE:
            yield f"{where} is {section.status}, and only complete sections are carried over"
        try:
            snapshot.seconds(section.read_at)
        except Damaged as error:
            yield f"{where}: {error.message}"
            continue
        if section.read_at > manifest.started:
            yield f"{where} was read at {section.read_at}, after the snapshot was started"


def _item_key(
    name: str, manifest: Manifest, resources: Mapping[str, Resource], counts: Counter[tuple[str, str]]
) -> Callable[[Json], Key]:
    """Return a function that counts an item and returns its key."""
    kind = name.removesuffix(".jsonl")
    resource = resources.get(kind)
    of_account = resource is not None and resource.parent == ACCOUNT

    def key(line: Json) -> Key:
        scope, item = line["scope"], line["item"]
        if not isinstance(scope, str) or not isinstance(item, dict) or len(line) != 2:
            raise ValueError("is not an item")
        if of_account and scope != manifest.account_id:
            raise ValueError(f"belongs to {scope}, not to this account")
        counts[kind, scope] += 1
        return (scope, *(identity_of(resource, item) if resource else ()))

    return key


def _values(path: Path, name: str, manifest: Manifest, warn: Callable[[str], None]) -> Iterator[str]:
    placed = manifest.placed[name]
    found = yield from _lines(path, name, value_key, warn)
    for section in manifest.sections:
        of_it = (section.kind, section.scope) == (placed.kind, placed.scope)
        if of_it and section.status == COMPLETE and section.count != found:
            yield f"{name}: has {found:,} values, the manifest says {section.count:,}"


def _lines(
    path: Path, name: str, key_of: Callable[[Json], Key], warn: Callable[[str], None]
) -> Generator[str, None, int]:
    """Yield the first problem of the lines of a file, which must be in order; return how many were read."""
    before: tuple[Key, bytes] | None = None
    duplicate = number = 0
    with open_regular(path, follow=False) as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
            try:
                found = decode(line)
                now = (key_of(found), line)
                same = encode(found) == line
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                reason = str(error) if type(error) is ValueError else "is not an item"
                yield f"{name}, line {number}: {reason}"
                return number
            if not same:
                yield f"{name}, line {number}: differs from what cfops writes"
                return number
            if before is not None and before >= now:
                yield f"{name}, line {number}: {'occurs twice' if before == now else 'is out of order'}"
                return number
            duplicate = duplicate or (number if before is not None and before[0] == now[0] else 0)
            before = now
    if duplicate:
        warn(f"{name}, line {duplicate}: has the same identity as the line before; there may be more")
    return number


def broken_links(folder: Path, manifest: Manifest, resources: Mapping[str, Resource]) -> Iterator[str]:
    """Yield a sentence for each parent and each linked item that is not in the snapshot."""
    kinds = snapshot.kinds(manifest)
    present = [resources[kind] for kind in kinds if kind in resources]
    wanted = {resource.parent for resource in present if resource.parent != ACCOUNT}
    wanted |= {target for resource in present for _, target in resource.links}
    wanted |= {placed.kind for placed in manifest.placed.values() if placed.item}
    # Only what was read completely proves that an item is missing.
    wanted &= resources.keys() & {section.kind for section in manifest.sections}
    wanted -= {section.kind for section in manifest.sections if section.status != COMPLETE}
    known = {
        kind: {str(reach(item, resources[kind].key)) for _, item in snapshot.items(folder, kind)}
        for kind in sorted(wanted)
    }
    for resource in present:
        kind = resource.kind
        links = [(field, target) for field, target in resource.links if target in known]
        parents = known.get(resource.parent)
        if not links and parents is None:
            continue
        for scope, items in groupby(snapshot.items(folder, kind), key=lambda found: found[0]):
            if parents is not None and scope not in parents:
                yield f"{kind}: belongs to the {resource.parent} {scope}, which is not in the snapshot"
            for _, item in items if links else ():
                for field, target in links:
                    named = reach(item, field)
                    if named and str(named) not in known[target]:
                        label = reach(item, resource.label) or reach(item, resource.key)
                        yield f"{kind} {label}: its {field} is {named}, but the snapshot has no such {target}"
    for name, placed in sorted(manifest.placed.items()):
        if placed.item and placed.kind in known and placed.item not in known[placed.kind]:
            yield f"{name}: belongs to the {placed.kind} {placed.item}, which is not in the snapshot"
