"""Read a snapshot's items back, a line at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ops.errors import Damaged
from ops.items import Json
from ops.snapshots.layout import kind_file
from ops.snapshots.lines import decode
from ops.snapshots.manifest import Manifest


def kinds(manifest: Manifest) -> list[str]:
    """Return the kinds that have a file of items, in order."""
    return sorted(name.removesuffix(".jsonl") for name in manifest.files if "/" not in name)


def items(folder: Path, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield the owner's id and the item, in the order of the file.

    Raises Damaged for a line that is not one of ours.
    """
    path = folder / kind_file(kind)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            yield _parsed(path, number, line)


def _parsed(path: Path, number: int, line: bytes) -> tuple[str, Json]:
    try:
        found = decode(line)
        scope, item = found["scope"], found["item"]
    except (ValueError, KeyError, RecursionError):
        raise Damaged(f"{path}, line {number}: damaged") from None
    if not isinstance(scope, str) or not isinstance(item, dict):
        raise Damaged(f"{path}, line {number}: damaged")
    return scope, item
