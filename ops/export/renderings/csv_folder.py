"""A snapshot as CSV: a file for each kind, and `sections.csv` with what was read and what was not.

Columns are all fields that occur in the kind, the parent's id (`scope`) first. Nested values are compact
JSON; cells that a spreadsheet would execute are escaped, reversibly, as `--output csv` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from itertools import chain
from pathlib import Path

from ops.snapshots import snapshot
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import store
from ops.ui.cells import cell
from ops.ui.formats import csv_line


def write(folder: Path, manifest: Manifest, target: Path) -> list[str]:
    """Write the snapshot in *folder* into the empty folder *target*; nothing is lost, so return []."""
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
