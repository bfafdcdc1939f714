"""A snapshot as a SQLite database, as zone files and as Terraform."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ops.export.renderings import plain, sqlite_file, terraform_file
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Block, Document, Owner, Resource
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Writer

ITEMS: list[Json] = [
    {"id": "1", "name": "a", "ttl": 300, "proxied": True, "tags": ["x", "y"], "ratio": 0.5},
    {"id": "2", "name": 'b"; DROP TABLE t', "huge": 1 << 70, "none": None, "Name": "other"},
    {"id": "3", "name": "c", "text": "lone \ud800 日本\0", "scope": "theirs", "odd\"' field": {"x": 1}},
]


def _text(owner: Json, items: Iterable[Json]) -> tuple[str, list[str]]:
    return "".join(f"{owner['name']} {item['name']}\n" for item in items), [f"lost of {owner['name']}"]


def _block(owner: Owner, item: Json) -> Block | None:
    return None if item["name"] == "c" else Block("cloudflare_thing", f"{owner.id}/{item['id']}", item)


OWNER = Resource("flat.owner", ACCOUNT, ("name",))
THING = Resource(
    "flat.thing", "flat.owner", ("name", "ttl"),
    document=Document(ending=".txt", make=_text), terraform=_block,
)  # fmt: skip
BARE = Resource("flat.bare", ACCOUNT, ("name",))
RESOURCES = (OWNER, THING, BARE)


@pytest.fixture
def snapshot(tmp_path: Path) -> tuple[Path, Manifest]:
    folder = tmp_path / "made"
    folder.mkdir()
    writer = Writer(folder, {})
    writer.section(OWNER, Owner("acc", "acc", {})).add({"id": "z1", "name": "../example.com"})
    section = writer.section(THING, Owner("acc", "z1", {}))
    for item in ITEMS:
        section.add(item)
    writer.section(THING, Owner("acc", "z2", {})).add({"id": "9", "name": "stray"})
    writer.section(BARE, Owner("acc", "acc", {}))
    sections = (
        Section("flat.denied", "acc", "denied", 0, "no permission"),
        Section("flat.thing", "z1", "complete", 3),
    )
    files = writer.assemble()
    return folder, Manifest(
        "cfops", "acc", "Example", "t0", "t1", 2, "partial", sections=sections, files=files
    )


def database(snapshot: tuple[Path, Manifest], file: Path) -> sqlite3.Connection:
    sqlite_file.write(*snapshot, file, RESOURCES)
    return sqlite3.connect(file)


def test_a_database_has_a_table_for_each_kind(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    with closing(database(snapshot, tmp_path / "db")) as opened:
        names = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        sections = opened.execute("SELECT kind, status, reason FROM sections").fetchall()
        facts: dict[str, Any] = dict(opened.execute("SELECT name, value FROM snapshot").fetchall())

    assert names == {"flat_bare", "flat_owner", "flat_thing", "sections", "snapshot"}
    assert sections[0] == ("flat.denied", "denied", "no permission")
    assert (facts["status"], json.loads(facts["account"])["id"]) == ("partial", "acc")
    assert (tmp_path / "db").stat().st_mode & 0o777 == 0o600


def test_columns_are_the_fields_with_their_values(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    with closing(database(snapshot, tmp_path / "db")) as opened:
        opened.row_factory = sqlite3.Row
        rows = {row["id"]: row for row in opened.execute("SELECT * FROM flat_thing")}

    assert (rows["1"]["ttl"], rows["1"]["proxied"], rows["1"]["ratio"]) == (300, 1, 0.5)
    assert json.loads(rows["1"]["tags"]) == ["x", "y"]
    assert (rows["2"]["huge"], rows["2"]["none"], rows["2"]["Name_2"]) == (str(1 << 70), None, "other")
    assert (rows["3"]["scope"], rows["3"]["scope_2"]) == ("z1", "theirs")
    assert rows["3"]["text"] == "lone \\ud800 日本\0"
    assert json.loads(rows["3"]["odd\"' field"]) == {"x": 1}
    assert len(rows) == 4


def test_identity_and_scope_are_indexed(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    with closing(database(snapshot, tmp_path / "db")) as opened:
        plan = str(opened.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM flat_thing WHERE scope = 'z1' AND name = 'a' AND ttl = 300"
        ).fetchall())  # fmt: skip
        by_id = str(opened.execute("EXPLAIN QUERY PLAN SELECT * FROM flat_thing WHERE id = '1'").fetchall())

    assert "flat_thing by scope, name, ttl" in plan
    assert "flat_thing by id" in by_id


@pytest.mark.fault("C12")
def test_each_parent_has_its_own_file_in_the_folder(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    target = tmp_path / "zones"
    target.mkdir()

    message = plain.write_documents(*snapshot, target, RESOURCES, ".txt")

    [file] = tmp_path.rglob("*.txt")
    assert file.parent == target
    assert file.name.startswith("example.com-")
    assert file.read_text().splitlines()[0] == "../example.com a"
    assert message == [
        "lost of ../example.com",
        "1 of flat.thing are omitted: their parent z2 is not in the snapshot",
    ]


def test_without_the_kind_of_the_parents_their_items_are_named_as_omitted(
    snapshot: tuple[Path, Manifest], tmp_path: Path
) -> None:
    target = tmp_path / "zones"
    target.mkdir()

    losses = plain.write_documents(*snapshot, target, (THING,), ".txt")

    assert list(target.iterdir()) == []
    assert "3 of flat.thing are omitted: their parent z1 is not in the snapshot" in losses


def test_a_kind_without_that_format_has_no_file(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    target = tmp_path / "zones"
    target.mkdir()

    plain.write_documents(*snapshot, target, RESOURCES, ".other")

    assert list(target.iterdir()) == []


def terraform(snapshot: tuple[Path, Manifest]) -> tuple[str, list[str]]:
    out = io.BytesIO()
    message = terraform_file.write(*snapshot, out, RESOURCES)
    return out.getvalue().decode(), message


def test_each_item_is_imported_with_its_stub(snapshot: tuple[Path, Manifest]) -> None:
    text, message = terraform(snapshot)

    assert text.count("\nimport {") == text.count('\nresource "cloudflare_thing"') == 3
    assert '  id = "z1/1"\n' in text
    assert "  ttl     = 300\n" in text
    assert '  tags    = ["x", "y"]\n' in text
    assert "# cannot be imported: flat.thing c\n" in text
    assert message == ["not in the Terraform file: flat.bare, flat.owner"]


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("${var.x} %{if}", '"$${var.x} %%{if}"'),
        ('a"\n}\nresource', '"a\\"\\n}\\nresource"'),
        ("\x1b\u202e", '"\\u001b\\u202e"'),
        ("日本", '"日本"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ({"a": [1, "b"], "c d": {}}, '{ a = [1, "b"], "c d" = {} }'),
    ],
)
def test_a_value_is_written_as_terraform_reads_it(value: Any, literal: str) -> None:
    assert terraform_file.literal(value) == literal


def test_no_name_ends_a_comment(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    writer = Writer(folder, {})
    hostile = Resource(
        "flat.thing", ACCOUNT, ("name",), terraform=lambda _o, _i: None
    )  # fmt: skip
    writer.section(hostile, Owner("acc", "acc", {})).add({"name": 'x\nresource "a" "b" {}'})
    out = io.BytesIO()

    manifest = Manifest("cfops", "acc\n}", "", "t0", "t1", 2, "complete", files=writer.assemble())
    terraform_file.write(folder, manifest, out, (hostile,))

    assert not [
        line for line in out.getvalue().decode().splitlines() if line.startswith(("resource", "}\n\n}"))
    ]


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not here")
def test_terraform_reads_the_file(snapshot: tuple[Path, Manifest], tmp_path: Path) -> None:
    text, _ = terraform(snapshot)

    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-"],
        input=text, capture_output=True, text=True, timeout=30, cwd=tmp_path,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "")
