"""A snapshot as CSV: a file for each kind, and `sections.csv` that says what was read and what was not.

Columns are all fields that occur in the kind, the owner's id (`scope`) first. Nested values are compact
JSON; cells that a spreadsheet would run are made harmless, reversibly, as `--output csv` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from itertools import chain
from pathlib import Path

from ops.snapshots import snapshot
from ops.snapshots.manifest import Manifest
from ops.snapshots.writer import store
from ops.ui.cells import cell
from ops.ui.formats import csv_line

SECTIONS = ("kind", "scope", "status", "count", "reason")


def write(folder: Path, manifest: Manifest, target: Path) -> None:
    """Write the snapshot in *folder* into the folder *target*, which is there and empty."""
    _write(target / "sections.csv", SECTIONS, map(astuple, manifest.sections))
    for kind in snapshot.kinds(manifest):
        columns = _columns(folder, kind)
        _write(target / f"{kind}.csv", ("scope", *columns), _rows(folder, kind, columns))


def _columns(folder: Path, kind: str) -> tuple[str, ...]:
    # The file is read twice: a field may occur for the first time in its last item.
    return tuple(dict.fromkeys(name for _, item in snapshot.items(folder, kind) for name in item))


def _rows(folder: Path, kind: str, columns: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    for scope, item in snapshot.items(folder, kind):
        yield (scope, *(item.get(name) for name in columns))


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Iterable[object]]) -> None:
    store(path, map(_line, chain([columns], rows)))


def _line(row: Iterable[object]) -> bytes:
    # A lone surrogate cannot be UTF-8; it is written as the escape that JSON uses for it.
    return csv_line(cell(value) for value in row).encode("utf-8", "backslashreplace")
