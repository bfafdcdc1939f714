"""Verify: each change is found and named."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ops.errors import Damaged, Newer, NotFound
from ops.kinds.catalog import kinds
from ops.snapshots import manifest as manifests
from ops.snapshots.manifest import Section, load
from ops.snapshots.verify import Verification, verify
from ops.snapshots.writer import store
from tests.snapshots.kept import ITEMS, made

ROOT = Path(__file__).parent.parent.parent
RECORDS = "dns.record.jsonl"


def verdict(folder: Path) -> Verification:
    return verify(folder, load(folder), kinds())


def rewritten(folder: Path, change: Callable[[list[bytes]], list[bytes]], name: str = RECORDS) -> None:
    """Change a file's lines as a forger would: the manifest agrees with them."""
    manifest = load(folder)
    lines = change((folder / name).read_bytes().splitlines(keepends=True))
    (folder / name).unlink()
    stored = store(folder / name, lines)
    (folder / "manifest.json").unlink()
    manifests.write(folder, replace(manifest, files={**manifest.files, name: stored}))


def retold(folder: Path, **changed: object) -> None:
    manifest = load(folder)
    (folder / "manifest.json").unlink()
    manifests.write(folder, replace(manifest, **changed))  # type: ignore[arg-type]  # the tests' own fields


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path)


def test_an_intact_snapshot_has_no_damage(folder: Path) -> None:
    assert verdict(folder) == Verification([], [])


@pytest.mark.fault("C13")
def test_each_of_two_hundred_flipped_bits_is_found(tmp_path: Path, folder: Path) -> None:
    chance = random.Random(4)
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    places = [(file, at) for file in files for at in range(8 * file.stat().st_size)]
    found = 0

    for file, at in chance.sample(places, 200):
        data = bytearray(file.read_bytes())
        whole = bytes(data)
        data[at // 8] ^= 1 << at % 8
        file.write_bytes(data)
        try:
            found += any(file.name in text for text in verdict(folder).damage)
        except Damaged as error:
            found += file.name in error.message
        file.write_bytes(whole)

    assert found == 200
    assert verdict(folder) == Verification([], [])


@pytest.mark.fault("C13")
def test_every_bit_of_the_manifest_counts(folder: Path) -> None:
    file = folder / "manifest.json"
    whole = file.read_bytes()
    silent = []

    for at in range(0, 8 * len(whole), 7):
        data = bytearray(whole)
        data[at // 8] ^= 1 << at % 8
        file.write_bytes(data)
        try:
            load(folder)
            silent.append(at)
        except (Damaged, Newer):
            pass

    assert silent == []


def cut(folder: Path) -> None:
    with (folder / RECORDS).open("r+b") as file:
        file.truncate(10)


def swap(folder: Path) -> None:
    shutil.copy(folder / "zones.zone.jsonl", folder / RECORDS)


def link(folder: Path) -> None:
    (folder / RECORDS).rename(folder.parent / "outside")
    (folder / RECORDS).symlink_to(folder.parent / "outside")


@pytest.mark.fault("C13")
@pytest.mark.parametrize(
    ("damage", "shown"),
    [
        (cut, f"{RECORDS}: has 10 bytes, not"),
        (swap, f"{RECORDS}: has"),
        (link, f"{RECORDS}: is a link"),
        (lambda folder: (folder / RECORDS).unlink(), f"{RECORDS}: is missing"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt: is not in the manifest"),
        (lambda folder: (folder / "more").mkdir(), "more: is an empty folder"),
        (lambda folder: (folder / "more").symlink_to("/etc"), "more: is a link"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe: is not a regular file"),
    ],
)
def test_each_change_is_named(folder: Path, damage: Callable[[Path], object], shown: str) -> None:
    damage(folder)

    assert any(text.startswith(shown) for text in verdict(folder).damage)


def item(scope: str, **fields: object) -> bytes:
    text = json.dumps({"item": fields, "scope": scope}, separators=(",", ":"), sort_keys=True)
    return text.encode() + b"\n"


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda lines: lines[::-1], f"{RECORDS}, line 2: is out of order"),
        (lambda lines: [*lines, lines[-1]], f"{RECORDS}, line 4: occurs twice"),
        (lambda lines: [b"[]\n", *lines], f"{RECORDS}, line 1: a line of a snapshot is a JSON object"),
        (lambda lines: [b"{\n", *lines], f"{RECORDS}, line 1:"),
        (lambda lines: [b'{"item":{}}\n', *lines], f"{RECORDS}, line 1: is not an item"),
        (lambda lines: [b'{"item":[],"scope":"z0"}\n', *lines], f"{RECORDS}, line 1: is not an item"),
        (
            lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]],
            "line 1: differs from what cfops writes",
        ),
        (lambda lines: [b"[" * 100_000 + b"\n"], f"{RECORDS}, line 1:"),
        (lambda lines: lines[1:], "says 2 of dns.record in z1, but the snapshot has 1"),
        (lambda lines: [*lines, item("z9", name="x")], "says 0 of dns.record in z9, but the snapshot has 1"),
    ],
)
def test_a_forged_file_that_agrees_with_its_manifest_is_found(
    folder: Path, change: Callable[[list[bytes]], list[bytes]], shown: str
) -> None:
    rewritten(folder, change)

    assert any(shown in text for text in verdict(folder).damage), verdict(folder).damage


@pytest.mark.fault("F19")
def test_items_of_another_account_are_found(folder: Path) -> None:
    rewritten(folder, lambda _: [item("b" * 32, id="z1", name="example.com")], "zones.zone.jsonl")

    assert any("not to this account" in text for text in verdict(folder).damage)


def test_a_duplicate_section_and_one_of_missing_contents_are_found(folder: Path) -> None:
    sections = load(folder).sections
    twice = (*sections, replace(next(s for s in sections if s.kind == "kv.key"), status="failed"))

    retold(folder, sections=(*twice, Section("workers.script/contents", "other", "complete", 2)))

    damage = verdict(folder).damage
    assert any("lists kv.key in n1 twice" in text for text in damage)
    assert any(
        "says 2 of workers.script/contents in other, but the snapshot has 0" in text for text in damage
    )


def test_a_route_to_a_missing_script_is_a_warning(tmp_path: Path) -> None:
    route = {"id": "w9", "pattern": "example.org/*", "script": "gone"}
    folder = made(tmp_path, items={**ITEMS, ("workers.route", "z2"): [route]})

    found = verdict(folder)

    assert found.damage == []
    assert found.warnings == [
        "workers.route example.org/*: its script is gone, but the snapshot has no such workers.script"
    ]


def test_a_missing_parent_is_a_warning_and_named_once(tmp_path: Path) -> None:
    keys = [{"name": "a"}, {"name": "b"}]
    folder = made(tmp_path, items={**ITEMS, ("kv.key", "n9"): keys})

    assert verdict(folder).warnings == [
        "kv.key: belongs to the kv.namespace n9, which is not in the snapshot"
    ]


def test_a_kind_that_was_not_read_completely_has_no_broken_links(tmp_path: Path) -> None:
    folder = made(tmp_path, items={**ITEMS, ("kv.key", "n9"): [{"name": "a"}]})
    sections = [
        replace(s, status="inconsistent") if s.kind == "kv.namespace" else s for s in load(folder).sections
    ]

    retold(folder, sections=tuple(sections))

    assert verdict(folder) == Verification([], [])


def test_two_items_of_one_identity_are_a_warning(tmp_path: Path) -> None:
    twins = [{"name": "one", "expiration": 1}, {"name": "one", "expiration": 2}]
    folder = made(tmp_path, items={**ITEMS, ("kv.key", "n1"): twins})

    found = verdict(folder)

    assert found.damage == []
    assert "kv.key.jsonl, line 2: has the same identity" in found.warnings[0]


def test_much_damage_is_reported_in_part_with_a_note(folder: Path) -> None:
    for number in range(12):
        (folder / f"more-{number:02}").write_text("x")

    found = verify(folder, load(folder), kinds(), most=10)

    assert len(found.damage) == 11
    assert found.damage[-1] == "and more: 10 are shown"


@pytest.mark.fault("C14")
def test_without_a_manifest_it_is_not_a_snapshot(folder: Path) -> None:
    (folder / "manifest.json").unlink()

    with pytest.raises(NotFound):
        verdict(folder)


MEMORY = """
import re, sys
from pathlib import Path
from ops.kinds.catalog import kinds
from ops.snapshots.manifest import load
from ops.snapshots.verify import verify
folder = Path(sys.argv[1])
kinds()
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
assert verify(folder, load(folder), kinds()) == ([], [])
print(peak() - before)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_items(tmp_path: Path) -> None:
    keys = [{"name": f"user:{number:07}"} for number in range(60_000)]
    folder = made(tmp_path, items={**ITEMS, ("kv.key", "n1"): keys})

    line = [sys.executable, "-c", MEMORY, str(folder)]
    grown = int(subprocess.run(line, capture_output=True, check=True, cwd=ROOT).stdout)

    assert grown < 8_000
