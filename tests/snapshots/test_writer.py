"""The files that a writer makes from the items of many threads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.errors import Interrupted
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Content, Owner, Resource
from ops.snapshots.writer import Writer

THING = Resource("flat.thing", ACCOUNT, ("name",))
RECORD = Resource("dns.record", "zones.zone", ("name", "type"))
SCRIPT = Resource("code.script", ACCOUNT, ("id",))
KEY = Resource("kv.key", "kv.namespace", ("name",))
ROOT = Path(__file__).parent.parent.parent


def owner(name: str, item: Json | None = None) -> Owner:
    return Owner("acc", name, item or {})


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path, {"kv.namespace": "title"})


def test_lines_are_in_order_of_parent_and_identity(writer: Writer, tmp_path: Path) -> None:
    for zone, names in (("z2", "ba"), ("z1", "dc")):
        section = writer.section(RECORD, owner(zone))
        for name in names:
            section.add({"type": "A", "name": name, "id": "ignored"})

    files = writer.assemble()

    lines = [json.loads(line) for line in (tmp_path / "dns.record.jsonl").read_bytes().splitlines()]
    assert [(line["scope"], line["item"]["name"]) for line in lines] == [
        ("z1", "c"), ("z1", "d"), ("z2", "a"), ("z2", "b")
    ]  # fmt: skip
    assert list(files) == ["dns.record.jsonl"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dns.record.jsonl"]


def test_a_line_has_its_keys_sorted(writer: Writer, tmp_path: Path) -> None:
    writer.section(THING, owner("acc")).add({"name": "é", "a": {"z": 1, "b": None}})

    writer.assemble()

    line = '{"item":{"a":{"b":null,"z":1},"name":"é"},"scope":"acc"}\n'
    assert (tmp_path / "flat.thing.jsonl").read_text() == line


def test_a_kind_without_items_has_an_empty_file(writer: Writer, tmp_path: Path) -> None:
    writer.section(THING, owner("acc"))

    files = writer.assemble()

    assert files["flat.thing.jsonl"].bytes == 0
    assert (tmp_path / "flat.thing.jsonl").read_bytes() == b""


@pytest.mark.fault("E2")
def test_contents_are_stored_byte_for_byte_under_generated_names(writer: Writer, tmp_path: Path) -> None:
    data = bytes(range(256))

    writer.content(SCRIPT, owner("acc"), {"id": "../../etc"}, Content("../passwd", "x/y", data))

    files = writer.assemble()
    [name] = files
    assert name.startswith("scripts/etc-")
    assert (tmp_path / name).read_bytes() == data
    assert writer.placed[name][2:] == ("../../etc", "../passwd", "x/y", "")


def test_two_contents_with_the_same_name_are_both_stored(writer: Writer, tmp_path: Path) -> None:
    for data in (b"one", b"two"):
        writer.content(SCRIPT, owner("acc"), {"id": "s"}, Content("a.js", "text/plain", data))

    files = writer.assemble()

    assert {(tmp_path / name).read_bytes() for name in files} == {b"one", b"two"}


def test_values_are_a_file_for_each_parent_named_after_it(writer: Writer, tmp_path: Path) -> None:
    section = writer.section(KEY, owner("n1", {"title": "My Sessions"}))
    for name in ("b", "a"):
        section.add_value({"key": name, "value": "v"})

    files = writer.assemble()

    [name] = [name for name in files if name.startswith("kv/")]
    assert name.startswith("kv/my-sessions-")
    assert (tmp_path / name).read_bytes() == b'{"key":"a","value":"v"}\n{"key":"b","value":"v"}\n'
    assert writer.placed[name].scope == "n1"


def test_after_closing_nothing_is_added_and_nothing_is_lost(writer: Writer, tmp_path: Path) -> None:
    section = writer.section(THING, owner("acc"))
    section.add({"name": "a"})
    writer.close()

    for late in (
        lambda: section.add({"name": "b"}),
        lambda: section.add_value({"key": "b"}),
        lambda: writer.section(RECORD, owner("z1")),
        lambda: writer.content(SCRIPT, owner("acc"), {"id": "s"}, Content("a.js", "text/plain", b"")),
    ):
        with pytest.raises(Interrupted):
            late()

    assert list(writer.assemble()) == ["flat.thing.jsonl"]
    assert len((tmp_path / "flat.thing.jsonl").read_bytes().splitlines()) == section.count == 1


FLOOD = """
import re, sys
from pathlib import Path
from ops.kinds.resource import Owner, Resource
from ops.snapshots.writer import Writer
many, ordered = int(sys.argv[2]), sys.argv[3] == "ordered"
kind = Resource("kv.key", "kv.namespace", ("name",))
writer = Writer(Path(sys.argv[1]), {})
section = writer.section(kind, Owner("a", "n", {}))
for n in range(many):
    number = n if ordered else n * 7919 % many
    section.add({"name": f"session:{number:012}", "expiration": 1800000000, "metadata": {"user": number}})
[stored] = writer.assemble().values()
# Not ru_maxrss: that begins with what the parent had when it forked.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], stored.bytes)
"""


def flooded(folder: Path, keys: int, order: str) -> int:
    """Return the peak memory in kB of a process that writes *keys* keys."""
    line = [sys.executable, "-c", FLOOD, str(folder), str(keys), order]
    answer = subprocess.run(line, capture_output=True, text=True, check=True, cwd=ROOT, timeout=300)
    memory, size = map(int, answer.stdout.split())
    assert size == (folder / "kv.key.jsonl").stat().st_size
    assert sum(1 for _ in (folder / "kv.key.jsonl").open("rb")) == keys
    return memory


@pytest.mark.long
@pytest.mark.fault("E11")
@pytest.mark.parametrize("order", ["ordered", "shuffled"])
def test_memory_does_not_grow_with_the_keys(tmp_path: Path, order: str) -> None:
    assert flooded(tmp_path, 50_000, order) < 45_000


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("order", ["ordered", "shuffled"])
def test_a_million_keys_take_less_than_150_megabytes(tmp_path: Path, order: str) -> None:
    assert flooded(tmp_path, 1_000_000, order) < 150_000
