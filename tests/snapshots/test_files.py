"""Snapshots at the edges: files that are cut off, forged or appear meanwhile, lists of every order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.errors import Damaged, DiskError, NotFound
from ops.items import Json
from ops.kinds.catalog import kinds, resources
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.snapshots import manifest as manifests
from ops.snapshots import publish
from ops.snapshots.compare.report import unified
from ops.snapshots.compare.side import name_of
from ops.snapshots.history import Moment, Wanted, lines_with, moments
from ops.snapshots.library import Library
from ops.snapshots.manifest import load
from ops.snapshots.prune import Policy
from ops.snapshots.snapshot import ItemFile, Snapshot, file_bytes, parse_item, value_of
from ops.snapshots.usage import users_of
from ops.snapshots.verify import verify
from ops.snapshots.whole import ABSENT, WholeSections
from ops.snapshots.writer import Writer
from tests.conftest import Result
from tests.snapshots import kept
from tests.snapshots.kept import DAY, HOUR
from tests.snapshots.making import compared, made
from tests.snapshots.test_prune import at, decisions

Inv = Callable[..., Result]
ZONE = {"id": "z", "name": "example.com"}
RECORD = {"id": "1", "name": "www.example.com", "type": "A", "content": "192.0.2.1", "ttl": 1}


# Writing


def spooled(folder: Path) -> Writer:
    """Add more than a megabyte of items, in the reverse of their order."""
    writer = Writer(folder, {})
    section = writer.section(Resource("flat.thing", ACCOUNT, ("name",)), Owner("acc", "acc", {}))
    for name in "edcba":
        section.add({"name": name, "text": "x" * (600 << 10)})
    section.close()
    return writer


def test_large_lists_that_arrive_out_of_order_are_stored_in_order(tmp_path: Path) -> None:
    spooled(tmp_path).assemble()

    lines = (tmp_path / "flat.thing.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["item"]["name"] for line in lines] == list("abcde")


def test_lines_that_the_disk_has_lost_are_an_error(tmp_path: Path) -> None:
    writer = spooled(tmp_path)
    (spool,) = (path for path in tmp_path.rglob("*") if path.is_file())
    spool.write_bytes(spool.read_bytes()[:1000])

    with pytest.raises(OSError, match="is shorter than the data written to it"):
        writer.assemble()


@pytest.mark.parametrize("appears", [True, False])
def test_a_name_that_is_taken_at_the_last_moment_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appears: bool
) -> None:
    folder, target = tmp_path / "new", tmp_path / "one"
    folder.mkdir()

    def rename(self: Path, other: Path) -> None:
        if appears:
            other.mkdir()
        raise OSError(39, "Directory not empty")

    monkeypatch.setattr(Path, "rename", rename)

    if appears:
        assert publish.moved(folder, target) is False
        return
    with pytest.raises(DiskError, match="Directory not empty"):
        publish.moved(folder, target)


# Reading


@pytest.mark.parametrize("text", [b"[]", b'"text"', b"{} {}", b"{}x\n"])
def test_a_line_that_is_not_an_object_alone_is_damage(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(Damaged):
        parse_item(tmp_path / "x.jsonl", text)


def test_a_file_that_was_cut_off_since_it_was_checked_is_damage(tmp_path: Path) -> None:
    snapshot = made(tmp_path / "one", {("zones.zone", ""): [ZONE, {"id": "y", "name": "y.example"}]})
    file = WholeSections(snapshot, kinds())._index.file("zones.zone")
    assert isinstance(file, ItemFile)
    path = snapshot.path / "zones.zone.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    with pytest.raises(Damaged):
        list(file.items(snapshot.manifest.account_id))


def test_a_file_that_the_manifest_does_not_name_is_damage(tmp_path: Path) -> None:
    snapshot = made(tmp_path / "one", {("zones.zone", ""): [ZONE]})

    with pytest.raises(Damaged):
        file_bytes(snapshot.path, snapshot.manifest, "contents/other.js")


def test_a_key_without_a_value_has_none(tmp_path: Path) -> None:
    file = tmp_path / "values.jsonl"
    file.write_text('{"key":"a","value":"x"}\n')

    found = value_of(file, "a")

    assert found
    assert (found.body, value_of(file, "b")) == (b"x", None)


def test_a_manifest_that_is_too_large_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = made(tmp_path / "one", {("zones.zone", ""): [ZONE]})
    monkeypatch.setattr(manifests, "LARGEST", 100)

    with pytest.raises(Damaged, match="is too large to be a manifest"):
        load(snapshot.path)


def test_a_folder_that_is_not_a_snapshot_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    with pytest.raises(NotFound, match=r"is not a snapshot: it has no manifest\.json"):
        Library(tmp_path, kept.ACCOUNT_ID).find(str(tmp_path / "other"))


def test_an_item_is_on_no_line_of_a_file_that_does_not_hold_its_parent(tmp_path: Path) -> None:
    items = {("zones.zone", ""): [ZONE], ("dns.record", "z"): [RECORD]}
    sections = WholeSections(made(tmp_path / "one", items, kinds=resources()), kinds())

    assert [sections.line("dns.record", scope, RECORD) for scope in ("z", "other")] == [1, 0]
    assert sections.line("dns.record", "z", RECORD | {"ttl": 2}) == 0
    assert sections.line("workers.route", "z", {}) == 0


def test_what_was_deleted_while_it_was_read_has_no_items(tmp_path: Path) -> None:
    items = {("zones.zone", ""): [ZONE, {"id": "y", "name": "y.example"}], ("dns.record", "z"): [RECORD]}
    gone = made(tmp_path / "one", items, statuses={("dns.record", "y"): "gone"}, kinds=resources())

    assert WholeSections(gone, kinds()).everything("dns.record") == [("z", RECORD)]


def test_a_script_that_is_bound_to_its_own_class_does_not_use_itself(tmp_path: Path) -> None:
    def bound(script: str) -> Json:
        return {"name": "ROOM", "type": "service", "service": script}

    scripts = [{"id": "chat"}, {"id": "site"}]
    items: dict[tuple[str, str], list[Json]] = {
        ("workers.script", ""): scripts,
        ("workers.settings", "chat"): [{"bindings": [bound("chat"), bound("chat")]}],
        ("workers.settings", "site"): [{"bindings": [bound("chat"), bound("chat")]}],
    }
    snapshot = made(tmp_path / "one", items, kinds=resources())

    gaps: list[Any] = []
    users = users_of(WholeSections(snapshot, kinds()), "workers.script", gaps)

    assert {name: [user.key for user in found] for name, found in users.items()} == {"chat": ["site"]}


# Verifying and pruning


def forged(folder: Path, **fields: Any) -> Path:
    """Write the manifest of *folder* again, with other *fields*."""
    manifest = load(folder)
    (folder / "manifest.json").unlink()
    manifests.write(folder, replace(manifest, **fields))
    return folder


def test_a_section_that_failed_cannot_have_been_carried_over(tmp_path: Path) -> None:
    folder = kept.made(tmp_path)
    zone, *others = load(folder).sections
    carried = replace(zone, status="failed", carried_from="earlier", read_at="2026-11-22T00:00:00Z")

    found = verify(folder, load(forged(folder, sections=(carried, *others))), kinds())

    assert any("is failed, and only complete sections are carried over" in one for one in found.damage)


def test_files_of_a_script_that_is_not_in_the_snapshot_are_a_warning(tmp_path: Path) -> None:
    folder = kept.made(tmp_path)
    manifest, kind = load(folder), "workers.script/contents"
    placed = {path: one._replace(item="other") for path, one in manifest.placed.items()}
    sections = tuple(replace(one, scope="other") if one.kind == kind else one for one in manifest.sections)

    found = verify(folder, load(forged(folder, sections=sections, placed=placed)), kinds())

    assert found.damage == []
    assert any("belongs to the workers.script other, which is not in" in one for one in found.warnings)


def test_values_that_are_fewer_than_the_manifest_says_are_damage(tmp_path: Path) -> None:
    items: dict[tuple[str, str], list[Json]] = {
        ("kv.namespace", ""): [{"id": "n", "title": "cache"}],
        ("kv.key", "n"): [{"name": "one"}, {"name": "two"}],
    }
    snapshot = made(tmp_path / "one", items, values={"n": {"one": "1"}}, kinds=resources())

    found = verify(snapshot.path, snapshot.manifest, kinds())

    assert any("has 1 values, the manifest says 2" in one for one in found.damage)


def test_a_partial_snapshot_within_the_time_is_kept(tmp_path: Path) -> None:
    library = Library(tmp_path, kept.ACCOUNT_ID)
    kept.made(tmp_path, at("2026-11-23T00:00"), items={})
    for day in (20, 22):
        kept.made(tmp_path, at(f"2026-11-{day}T00:00"), items={}, status="partial", reason="denied")

    decided = decisions(library, Policy(within=DAY + HOUR))

    assert [(one.entry.name[8:10], one.keep, one.reason) for one in decided] == [
        ("23", True, "the newest complete one, within"),
        ("22", True, "partial, within"),
        ("20", False, "partial, and a complete one is newer"),
    ]


# Comparing


def test_files_of_a_script_that_were_not_read_are_not_compared(tmp_path: Path) -> None:
    items: dict[tuple[str, str], list[Json]] = {("code.script", ""): [{"id": "a"}, {"id": "b"}]}
    files = {"a": {"a.js": b"1"}, "b": {"b.js": b"1"}}
    old = made(tmp_path / "old", items, contents=files)
    new = made(tmp_path / "new", items, contents={**files, "a": {"a.js": b"22"}})
    gone = {("code.script/contents", "b"): "gone"}
    less = made(tmp_path / "less", items, contents={"a": {"a.js": b"1"}}, statuses=gone)

    assert [one.scope for one in compared(old, new)[0]] == ["a"]
    assert [(one.kind, one.change) for one in compared(less, less)[0]] == []
    assert [(one.kind, one.scope, one.change) for one in compared(old, less)[0]] == [
        ("code.script", "", "deleted"),
        ("code.script/contents", "b", "deleted"),
    ]


def test_two_files_of_one_name_are_both_compared(tmp_path: Path) -> None:
    def snapshot(name: str, second: bytes) -> Snapshot:
        plain = made(
            tmp_path / name,
            {("code.script", ""): [{"id": "a"}]},
            contents={"a": {"x.js": b"1", "y.js": second}},
        )
        placed = {path: one._replace(name="x.js") for path, one in plain.manifest.placed.items()}
        return Snapshot(plain.path, replace(plain.manifest, placed=placed))

    (found,) = compared(snapshot("old", b"1"), snapshot("new", b"22"))[0]

    assert (found.change, found.name) == ("changed", "x.js'")


def test_a_changed_value_is_shown_by_its_size_and_sum_in_unified_text(tmp_path: Path) -> None:
    items: dict[tuple[str, str], list[Json]] = {
        ("kv.namespace", ""): [{"id": "n", "title": "s"}],
        ("kv.key", "n"): [{"name": "a"}],
    }
    old, new = (
        made(tmp_path / text, items, values={"n": {"a": text}}) for text in ("hush one", "hush other")
    )

    text = b"".join(unified(compared(old, new)[0])).decode()

    assert '-  "value": "8 bytes, sha256 ' in text
    assert '+  "value": "10 bytes, sha256 ' in text
    assert "hush" not in text


def test_an_item_with_several_names_is_known_by_all_of_them() -> None:
    pack = Resource("ssl.pack", "zones.zone", ("id",), label="hosts")

    assert (
        name_of(pack, {"id": "1", "hosts": ["example.com", "*.example.com"]}) == "example.com, *.example.com"
    )
    assert name_of(pack, {"id": "1", "hosts": []}) == ""


# History


def known(snapshot: Snapshot, *parents: str, names: tuple[str, ...] = ()) -> Moment:
    (moment,) = moments([snapshot], Wanted(kinds()["dns.record"], names, parents), kinds())
    return moment


def test_the_history_in_an_unknown_parent_is_as_complete_as_the_parents(
    tmp_path: Path,
) -> None:
    items = {("zones.zone", ""): [ZONE], ("dns.record", "z"): [RECORD]}
    whole = made(tmp_path / "whole", items, kinds=resources())
    denied = made(tmp_path / "denied", items, statuses={("zones.zone", ""): "denied"}, kinds=resources())
    without = made(tmp_path / "without", {("zones.zone", ""): [ZONE]}, kinds=resources())

    assert known(whole, "example.com").items == (("z", RECORD),)
    assert known(whole, "other.example")[1:] == ((), "complete", "")
    assert known(denied, "other.example")[1:] == ((), "denied", "why")
    assert known(without, "example.com")[1:3] == ((), ABSENT)
    assert known(without)[1:3] == ((), ABSENT)


def test_a_line_is_found_once_however_often_it_holds_the_name(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(b'{"a":"x","b":"x"}\n{"a":"y"}\n')

    assert list(lines_with(file, [b'"x"', b'"b"'])) == [b'{"a":"x","b":"x"}']
    assert list(lines_with(file, [])) == [b'{"a":"x","b":"x"}\n', b'{"a":"y"}\n']


def test_a_line_without_a_parent_is_damage_of_the_history(tmp_path: Path) -> None:
    snapshot = made(
        tmp_path / "one", {("zones.zone", ""): [ZONE], ("dns.record", "z"): [RECORD]}, kinds=resources()
    )
    path = snapshot.path / "dns.record.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"scope":"z"', b'"scope":["z"]'))

    with pytest.raises(Damaged):
        known(snapshot, names=("www.example.com",))
