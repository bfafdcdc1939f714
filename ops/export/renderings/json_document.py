"""A snapshot as one JSON document: metadata, counts, the status of each section, and all items."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from ops.snapshots.layout import encode, kind_file
from ops.snapshots.manifest import Manifest
from ops.snapshots.snapshot import kinds, open_file


def write(folder: Path, manifest: Manifest, out: BinaryIO) -> list[str]:
    """Write the snapshot in *folder* to *out*, an item per line: `{"scope": parent's id, "item": {…}}`.

    Nothing is lost, so return [].
    """
    head = manifest.as_json()
    del head["files"], head["contents"]
    head["counts"] = counts = dict[str, int]()
    for section in manifest.sections:
        counts[section.kind] = counts.get(section.kind, 0) + section.count
    for name, value in sorted(head.items()):
        out.write((b"{" if name == min(head) else b",") + encode(name)[:-1] + b": " + encode(value))
    out.write(b',"items": {\n')
    for number, kind in enumerate(kinds(manifest)):
        out.write((b"," if number else b"") + encode(kind)[:-1] + b": [\n")
        # The lines are JSON already: they are not parsed, so they cannot be changed.
        with open_file(folder / kind_file(kind)) as lines:
            out.writelines(b"," + line if number else line for number, line in enumerate(lines))
        out.write(b"]\n")
    out.write(b"}}\n")
    return []
