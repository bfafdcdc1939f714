"""A snapshot rendered as one document and as tables."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from ops.errors import Damaged
from ops.export.renderings import plain
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Writer

ITEMS: list[Json] = [
    {"name": "a", "ttl": 300, "proxied": True, "tags": ["x", "y"], "meta": {"auto": None}},
    {"name": "b", "comment": "=cmd|' /C calc'!A0", "content": "line\none"},
    {"name": "c", "comment": "'quoted", "only_here": None, "text": "lone \ud800 日本"},
]


@pytest.fixture
def snapshot(tmp_path: Path) -> tuple[Path, Manifest]:
    folder = tmp_path / "made"
    folder.mkdir()
    writer = Writer(folder, {})
    section = writer.section(Resource("flat.thing", ACCOUNT, ("name",)), Owner("acc", "acc", {}))
    for item in reversed(ITEMS):
        section.add(item)
    writer.section(Resource("flat.empty", ACCOUNT, ("name",)), Owner("acc", "acc", {}))
    sections = (
        Section("flat.denied", "acc", "denied", 0, "no permission"),
        Section("flat.empty", "acc", "complete"),
        Section("flat.thing", "acc", "complete", 3),
    )
    files = writer.assemble()
    return folder, Manifest(
        "cfops", "acc", "Example", "t0", "t1", 2, "partial", sections=sections, files=files
    )


def test_the_document_contains_everything_except_the_list_of_files(snapshot: tuple[Path, Manifest]) -> None:
    out = io.BytesIO()

    plain.write_json(*snapshot, out)

    document = json.loads(out.getvalue())
    assert document["items"] == {
        "flat.empty": [],
        "flat.thing": [{"scope": "acc", "item": item} for item in ITEMS],
    }
    assert document["counts"] == {"flat.denied": None, "flat.empty": 0, "flat.thing": 3}
    assert [section["count"] for section in document["sections"]] == [None, 0, 3]
    assert (document["account"], document["status"]) == ({"id": "acc", "name": "Example"}, "partial")
    assert "files" not in document


def tables(snapshot: tuple[Path, Manifest], folder: Path) -> dict[str, list[list[str]]]:
    folder.mkdir()
    plain.write_csv(*snapshot, folder)
    return {
        file.stem: list(csv.reader(file.open(encoding="utf-8", newline="")))
        for file in sorted(folder.iterdir())
    }


def test_each_kind_has_a_table_and_so_have_the_statuses(
    snapshot: tuple[Path, Manifest], tmp_path: Path
) -> None:
    made = tables(snapshot, tmp_path / "tables")

    assert list(made) == ["flat.empty", "flat.thing", "sections"]
    assert made["sections"][1] == ["flat.denied", "acc", "denied", "", "no permission", "", ""]
    assert made["flat.empty"] == [["scope"]]


def test_a_field_of_only_the_last_item_has_a_column(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    header, first, *_ = tables(snapshot, tmp_path / "tables")["flat.thing"]

    assert set(header) == {"scope", *(name for item in ITEMS for name in item)}
    row = dict(zip(header, first, strict=True))
    assert (row["ttl"], row["proxied"], row["tags"], row["only_here"]) == ("300", "true", '["x","y"]', "")


@pytest.mark.fault("P9")
@pytest.mark.fault("E8")
def test_no_cell_is_a_formula(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    header, *rows = tables(snapshot, tmp_path / "tables")["flat.thing"]

    comments = [row[header.index("comment")] for row in rows]
    assert comments == ["", "'=cmd|' /C calc'!A0", "''quoted"]


def test_a_damaged_line_is_named(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    folder, _ = snapshot
    (folder / "flat.thing.jsonl").write_text('{"item":{},"scope":"acc"}\n{"item":1,"scope":"acc"}\n')

    with pytest.raises(Damaged, match=r"flat.thing.jsonl, line 2: damaged"):
        tables(snapshot, tmp_path / "tables")
