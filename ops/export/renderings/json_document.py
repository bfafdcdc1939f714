"""A snapshot as one JSON document: metadata, counts, the status of each section, and all items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ops.items import Json
from ops.snapshots.layout import kind_file
from ops.snapshots.lines import encode
from ops.snapshots.manifest import Manifest
from ops.snapshots.snapshot import kinds


def write(folder: Path, manifest: Manifest, out: BinaryIO) -> None:
    """Write the snapshot in *folder* to *out*, an item a line: `{"scope": owner's id, "item": {…}}`."""
    head = manifest.as_json()
    del head["files"], head["contents"]
    head["counts"] = _counts(manifest)
    for name, value in sorted(head.items()):
        out.write((b"{" if name == min(head) else b",") + encode(name)[:-1] + b": " + encode(value))
    out.write(b',"items": {\n')
    for number, kind in enumerate(kinds(manifest)):
        out.write((b"," if number else b"") + encode(kind)[:-1] + b": [\n")
        out.writelines(_separated(folder / kind_file(kind)))
        out.write(b"]\n")
    out.write(b"}}\n")


def _counts(manifest: Manifest) -> Json:
    counts: Json = {}
    for section in manifest.sections:
        counts[section.kind] = counts.get(section.kind, 0) + section.count
    return counts


def _separated(file: Path) -> Iterator[bytes]:
    # The lines are JSON already: nothing is parsed, so nothing can be changed on the way.
    with file.open("rb") as lines:
        for number, line in enumerate(lines):
            yield b"," + line if number else line
