"""A snapshot as one JSON document, or as a folder of CSV files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ops.snapshots import snapshot
from ops.snapshots.layout import encode, kind_file
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import store
from ops.ui.cells import cell
from ops.ui.formats import csv_line


def write_csv(folder: Path, manifest: Manifest, target: Path) -> list[str]:
    """Write a file for each kind, and `sections.csv`, into the empty folder *target*; nothing is lost: [].

    Columns are all fields that occur in the kind, the parent's id (`scope`) first. Nested values are compact
    JSON; cells that a spreadsheet would execute are escaped, reversibly, as `--output csv` does.
    """
    store(
        target / "sections.csv", map(_line, chain([Section.__match_args__], map(astuple, manifest.sections)))
    )
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
    head["counts"] = counts = dict[str, int]()
    for section in manifest.sections:
        counts[section.kind] = counts.get(section.kind, 0) + section.count
    for name, value in sorted(head.items()):
        out.write((b"{" if name == min(head) else b",") + encode(name)[:-1] + b": " + encode(value))
    out.write(b',"items": {\n')
    for number, kind in enumerate(snapshot.kinds(manifest)):
        out.write((b"," if number else b"") + encode(kind)[:-1] + b": [\n")
        # The lines are JSON already: they are not parsed, so they cannot be changed.
        with snapshot.open_file(folder / kind_file(kind)) as lines:
            out.writelines(b"," + line if number else line for number, line in enumerate(lines))
        out.write(b"]\n")
    out.write(b"}}\n")
    return []
