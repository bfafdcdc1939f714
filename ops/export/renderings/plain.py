"""A snapshot as one JSON document, as a folder of CSV files, or in the own format of a product."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from ops.items import Json, reach
from ops.kinds import catalog
from ops.kinds.resource import Resource
from ops.snapshots import snapshot
from ops.snapshots.layout import encode, item_line, kind_file, slug
from ops.snapshots.manifest import COMPLETE, Manifest, Section, known
from ops.snapshots.writer import store
from ops.ui.cells import cell
from ops.ui.formats import csv_line


def write_csv(folder: Path, manifest: Manifest, target: Path) -> list[str]:
    """Write a file for each kind, and `sections.csv`, into the empty folder *target*; nothing is lost: [].

    Columns are all fields that occur in the kind, the parent's id (`scope`) first. Nested values are compact
    JSON; cells that a spreadsheet would execute are escaped, reversibly, as `--output csv` does.
    """
    sections = (section.row for section in manifest.sections)
    store(target / "sections.csv", map(_line, chain([Section.__match_args__], sections)))
    for kind in snapshot.kinds(manifest):
        # The file is read twice, because a field may occur for the first time in its last item.
        columns = list(dict.fromkeys(name for _, item in snapshot.items(folder, kind) for name in item))
        rows = ((scope, *map(item.get, columns)) for scope, item in snapshot.items(folder, kind))
        store(target / f"{kind}.csv", map(_line, chain([("scope", *columns)], rows)))
    return []


def _line(row: Iterable[object]) -> bytes:
    # UTF-8 cannot encode a lone surrogate; it is written as its JSON escape.
    return csv_line(cell(value) for value in row).encode("utf-8", "backslashreplace")


def write_json(folder: Path, manifest: Manifest, out: BinaryIO) -> list[str]:
    """Write the snapshot in *folder* to *out*: metadata, counts, the status of each section, and all items.

    An item is a line: `{"scope": parent's id, "item": {…}}`. Nothing is lost, so return [].
    """
    head = manifest.as_json()
    del head["files"], head["contents"]
    head["sections"] = [dict(zip(Section.__match_args__, one.row, strict=True)) for one in manifest.sections]
    by_kind: dict[str, list[Section]] = {}
    for section in manifest.sections:
        by_kind.setdefault(section.kind, []).append(section)
    head["counts"] = {kind: known(sections) for kind, sections in by_kind.items()}
    out.writelines(
        (b"{" if name == min(head) else b",") + encode(name)[:-1] + b": " + encode(value)
        for name, value in sorted(head.items())
    )
    out.write(b',"items": {\n')
    for number, kind in enumerate(snapshot.kinds(manifest)):
        out.write((b"," if number else b"") + encode(kind)[:-1] + b": [\n")
        # The lines are JSON already: they are not parsed, so they cannot be changed.
        with snapshot.open_file(folder / kind_file(kind)) as stored:
            hides = bool((resource := catalog.kinds().get(kind)) and resource.secret)
            shown = (item_line(scope, item) for scope, item in snapshot.items(folder, kind))
            lines = shown if hides else iter(stored)
            out.writelines(b"," + line if number else line for number, line in enumerate(lines))
        out.write(b"]\n")
    out.write(b"}}\n")
    return []


def write_documents(
    folder: Path, manifest: Manifest, target: Path, resources: Iterable[Resource], ending: str
) -> list[str]:
    """Write the files of *ending* into *target*; return a sentence for each thing that they lack."""
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
