"""The manifest, written and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.errors import Damaged, Newer, NotFound
from ops.snapshots import manifest as manifests
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Placed, StoredFile

WHOLE = Manifest(
    tool="cfops 1.0",
    account_id="a" * 32,
    account_name="Example \ud800 é",
    started="2026-11-23T06:10:02Z",
    ended="2026-11-23T06:10:09Z",
    requests=12,
    status="partial",
    reason="dns.record: denied",
    options={"only": []},
    sections=(
        Section("dns.record", "z1", "denied", 0, "no permission"),
        Section("zones.zone", "a", "complete", 3),
    ),
    files={"zones.zone.jsonl": StoredFile(10, "0" * 64)},
    placed={"scripts/s-0/a-1.js": Placed("workers.script", "a", "s", "A.js", "text/plain")},
)


def test_it_reads_back_as_it_was_written(tmp_path: Path) -> None:
    manifests.write(tmp_path, WHOLE)

    assert manifests.load(tmp_path) == WHOLE
    assert (tmp_path / "manifest.json").stat().st_mode & 0o777 == 0o600


CARRIED = Section("dns.record", "z2", "complete", 3, "", "2026-11-23T05-10-02Z-00aa", "2026-11-23T05:10:02Z")


def test_a_carried_section_reads_back_and_makes_a_newer_format(tmp_path: Path) -> None:
    whole = replace(WHOLE, sections=(WHOLE.sections[0], CARRIED, WHOLE.sections[1]))
    manifests.write(tmp_path, whole)

    assert manifests.load(tmp_path) == whole
    assert (whole.as_json()["format"], WHOLE.as_json()["format"]) == (2, 1)
    assert (whole.carried, whole.oldest_read) == (1, "2026-11-23T05:10:02Z")
    assert (WHOLE.carried, WHOLE.oldest_read) == (0, WHOLE.started)


def test_a_folder_without_a_manifest_is_not_a_snapshot(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not a snapshot"):
        manifests.load(tmp_path)


@pytest.mark.fault("C14")
def test_a_newer_format_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 3, "else": "unknown"}))

    reads = "it has format 3, and this version reads up to 2"
    with pytest.raises(Newer, match=f"written by a newer cfops: {reads}"):
        manifests.load(tmp_path)


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = to

    return change


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    "damage",
    [
        _set("format", to="1"),
        _set("sections", to=[{"kind": "x"}]),
        _set("sections", to=[{"kind": "x", "scope": "", "status": "perfect"}]),
        _set("files", to={"../../etc/passwd": {"bytes": 1, "sha256": ""}}),
        _set("files", to={"/etc/passwd": {"bytes": 1, "sha256": ""}}),
        _set("contents", to={"a/../b": {}}),
        _set("account", to=None),
        _set("requests", to="many"),
        _set("sections", to=[CARRIED.as_json()]),
        _set("sections", to=[{**CARRIED.as_json(), "read_at": ""}]),
        _set("sections", to=[{**CARRIED.as_json(), "carried_from": ""}]),
        _set("format", to=2),
    ],
)
def test_a_damaged_one_is_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], None]) -> None:
    document = WHOLE.as_json()
    damage(document)
    (tmp_path / "manifest.json").write_text(json.dumps(document))

    with pytest.raises(Damaged, match="damaged"):
        manifests.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\xff"])
def test_a_manifest_that_is_not_an_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")

    with pytest.raises(Damaged, match="damaged"):
        manifests.load(tmp_path)
