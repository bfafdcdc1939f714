"""What must be true of every visible snapshot."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ops.snapshots.manifest import Manifest, load


def checked(folder: Path) -> Manifest:
    """Assert that *folder* holds exactly the files of its manifest, byte for byte, in order; return it."""
    manifest = load(folder)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {*manifest.files, "manifest.json"}
    for name, stored in manifest.files.items():
        data = (folder / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (stored.bytes, stored.sha256), name
    for kind, count in counts(manifest).items():
        if f"{kind}.jsonl" in manifest.files:
            lines = (folder / f"{kind}.jsonl").read_bytes().splitlines()
            assert len(lines) == count, kind
            scopes = [json.loads(line)["scope"] for line in lines]
            assert scopes == sorted(scopes)
    return manifest


def counts(manifest: Manifest) -> dict[str, int]:
    found: dict[str, int] = {}
    for section in manifest.sections:
        found[section.kind] = found.get(section.kind, 0) + section.count
    return found


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return all files of a snapshot except the manifest."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }


def leftovers(place: Path) -> list[str]:
    """Return the files in *place* that must not exist when nothing runs."""
    return sorted(p.name for p in place.rglob("*") if p.name.startswith((".partial", ".cfops", ".latest")))
