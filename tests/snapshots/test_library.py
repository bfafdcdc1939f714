"""The stored snapshots, and how one is found by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.commands.snapshots.listing import library_rows, sections
from ops.errors import Damaged, Newer, NotFound, Refused
from ops.kinds.catalog import kinds
from ops.metrics import textfile
from ops.metrics.snapshots import families, status
from ops.snapshots import manifest as manifests
from ops.snapshots import prune
from ops.snapshots.library import Library, accounts
from ops.snapshots.manifest import load
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.verify import verify
from tests.snapshots.kept import ACCOUNT_ID, DAY, HOUR, NOW, made

OTHER = "b" * 32


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path, ACCOUNT_ID)


def test_all_snapshots_are_listed_newest_first_and_nothing_else(library: Library, tmp_path: Path) -> None:
    older, newer = made(tmp_path, NOW - DAY), made(tmp_path, NOW)
    (library.folder / "latest").symlink_to(newer.name)
    (library.folder / ".partial-1-aaaaaaaa").mkdir()
    (library.folder / "notes").mkdir()
    (library.folder / "2026-11-21T06-10-02Z-aaaa.tar.gz.age").write_bytes(b"sealed")

    found = library.all()

    assert [entry.name for entry in found] == [newer.name, older.name, "2026-11-21T06-10-02Z-aaaa"]
    assert [entry.status for entry in found] == ["complete", "complete", "complete"]
    assert [entry.sealed for entry in found] == [False, False, True]


def test_latest_and_previous_are_complete_ones_of_the_whole_account(library: Library, tmp_path: Path) -> None:
    one, two = made(tmp_path, NOW - 3 * DAY), made(tmp_path, NOW - 2 * DAY)
    made(tmp_path, NOW - DAY, options={"only": ["dns"]})
    made(tmp_path, NOW, status="partial", reason="stopped")

    assert library.find("latest").path == two
    assert library.find("previous").path == one


def test_if_only_parts_were_exported_the_newest_of_them_is_latest(library: Library, tmp_path: Path) -> None:
    part = made(tmp_path, NOW, options={"only": ["dns"]})

    assert library.find("latest").path == part


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("2026-11-23", 0), ("2026-11-22", 26), ("2026-11-24", 0), ("2026-11-23T06", 0),
        ("2026-11-23T05:59", 26), ("2026-11-22T04:10:02Z", 26), ("2026-11-23T06-10-02Z-beef", 0),
    ],
)  # fmt: skip
def test_a_date_or_time_finds_the_newest_of_then_or_before(
    library: Library, tmp_path: Path, name: str, hours: int
) -> None:
    paths = {0: made(tmp_path, NOW), 26: made(tmp_path, NOW - 26 * HOUR)}

    assert library.find(name).path == paths[hours]


def test_a_path_is_accepted_too(library: Library, tmp_path: Path) -> None:
    elsewhere = made(tmp_path / "elsewhere")

    assert library.find(str(elsewhere)).path == elsewhere


@pytest.mark.parametrize("name", ["latest", "previous", "2026-11-22", "nothing", "./nowhere"])
def test_a_missing_snapshot_is_not_found(library: Library, name: str) -> None:
    with pytest.raises(NotFound) as error:
        library.find(name)

    assert "inv " in error.value.hint


@pytest.mark.fault("F19")
def test_a_snapshot_of_another_account_is_refused(library: Library, tmp_path: Path) -> None:
    foreign = made(tmp_path, account_id=OTHER)
    moved = library.folder / foreign.name
    library.folder.mkdir()
    foreign.rename(moved)

    [entry] = library.all()

    assert entry.status == "damaged"
    assert isinstance(entry.failure, Refused)
    assert OTHER in entry.failure.message


@pytest.mark.fault("C14")
def test_a_newer_format_and_a_damaged_one_are_listed_with_the_reason(
    library: Library, tmp_path: Path
) -> None:
    newer, broken, empty = made(tmp_path, NOW), made(tmp_path, NOW - DAY), made(tmp_path, NOW - 2 * DAY)
    (newer / "manifest.json").write_text('{"format": 3}')
    (broken / "manifest.json").write_text("{")
    (empty / "manifest.json").unlink()

    found = library.all()

    assert [type(entry.failure) for entry in found] == [Newer, Damaged, NotFound]
    assert [entry.path for entry in found] == [newer, broken, empty]
    assert [entry.status for entry in found] == ["newer", "damaged", "damaged"]


def test_a_snapshot_has_items_sections_and_kinds(tmp_path: Path) -> None:
    folder = made(tmp_path)
    snapshot = Snapshot(folder, load(folder))

    records = [(scope, item["id"]) for scope, item in snapshot.items("dns.record")]
    section = snapshot.section("dns.record", "z1")

    assert records == [("z1", "r1"), ("z1", "r2"), ("z2", "r3")]
    assert section is not None
    assert (section.status, section.count) == ("complete", 2)
    assert snapshot.section("r2.bucket", "z1") is None
    assert list(snapshot.items("r2.bucket")) == []
    assert snapshot.started == NOW
    assert "kv.key.jsonl" in snapshot.manifest.files


def test_a_changed_word_in_the_manifest_is_noticed(tmp_path: Path) -> None:
    manifest = made(tmp_path, status="partial") / "manifest.json"
    shown = json.loads(manifest.read_text())["tool"]

    manifest.write_text(manifest.read_text().replace(shown, "cfops text"))

    with pytest.raises(Damaged, match="its SHA-256 differs"):
        load(manifest.parent)


def test_the_accounts_are_those_with_stored_snapshots(tmp_path: Path) -> None:
    made(tmp_path, account_id=OTHER)
    made(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / OTHER)

    assert accounts(tmp_path, pytest.fail) == [ACCOUNT_ID, OTHER]


OPTIONS = {"only": [], "zone": [], "skip": ["x"], "kv": "keys", "deep": True}


def leaves(value: object, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, found in inside:
        yield from leaves(found, *path, name)


def forged(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> bytes:
    """Set *value* at *path* and update the checksum of the manifest, as a forger would."""
    document = json.loads(json.dumps(document))
    changed: Any = document
    for name in path[:-1]:
        changed = changed[name]
    changed[path[-1]] = value
    text = json.dumps(document, indent=1, ensure_ascii=False).removesuffix("\n}").encode()
    return text + f',\n "sha256": "{hashlib.sha256(text).hexdigest()}"\n}}\n'.encode()


@pytest.mark.fault("F19")
@pytest.mark.parametrize("value", [None, -1, "../../x", [], {}, [{}], 1e308, True])
def test_any_value_in_a_manifest_is_accepted_or_refused(
    tmp_path: Path, library: Library, value: object
) -> None:
    folder = made(tmp_path)
    document = manifests.load(folder).as_json() | {"options": OPTIONS}

    for path in list(leaves(document))[1:]:
        (folder / "manifest.json").write_bytes(forged(document, path, value))
        [entry] = library.all()
        assert list(library_rows(Library(tmp_path, ACCOUNT_ID)))
        assert "".join(textfile.lines(families(status(library, DAY, NOW))))
        assert prune.decide([entry], prune.Policy(last=1))
        if entry.manifest:
            snapshot = Snapshot(folder, entry.manifest)
            list(sections(snapshot, kinds()))
            verify(folder, entry.manifest, kinds())
