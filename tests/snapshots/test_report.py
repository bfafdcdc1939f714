"""Differences as rows, and their number as a sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ops.items import Json
from ops.kinds.resource import AuditEvent
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.report import (
    COLUMNS,
    WHO,
    collapsed,
    counted,
    differing,
    for_people,
    rows,
    selection,
)
from ops.snapshots.compare.side import Difference
from ops.snapshots.snapshot import Snapshot
from tests.snapshots.making import KINDS, everything, made


def comparison(folder: Path) -> Comparison:
    """Compare two states: one item was created, one deleted, one changed; the zones could not be read."""
    things = [{"id": "1", "name": "gone"}, {"id": "2", "name": "kept", "ttl": 1, "on": True}]
    later = [{"id": "3", "name": "come"}, {"id": "2", "name": "kept", "ttl": 2, "on": False}]
    denied = {("zones.zone", ""): "denied"}
    old = made(folder / "old", {("flat.thing", ""): things, ("zones.zone", ""): []})
    new = made(folder / "new", {("flat.thing", ""): later, ("zones.zone", ""): []}, statuses=denied)
    return Comparison(old, new, KINDS, everything)


def test_rows_show_created_and_deleted_items_changed_fields_and_unknown_parts(tmp_path: Path) -> None:
    found = list(rows(comparison(tmp_path)))

    thing: Json = {"kind": "flat.thing", "in": "", "note": ""}
    changed: Json = {**thing, "change": "changed", "name": "kept", "id": "2", "item": None}
    assert found == [
        {**changed, "field": "on", "old": True, "new": False},
        {**changed, "field": "ttl", "old": 1, "new": 2},
        {**thing, "change": "deleted", "name": "gone", "id": "1", "field": "", "old": None, "new": None,
         "item": {"name": "gone"}},
        {**thing, "change": "created", "name": "come", "id": "3", "field": "", "old": None, "new": None,
         "item": {"name": "come"}},
        {"kind": "zones.zone", "in": "", "change": "unknown", "name": "", "id": "", "field": "",
         "old": "complete", "new": "denied", "note": "why", "item": None},
    ]  # fmt: skip
    assert all(set(COLUMNS) <= row.keys() and not set(WHO) & row.keys() for row in found)


def test_with_blame_each_row_names_who_made_the_change(tmp_path: Path) -> None:
    def blame(difference: Difference) -> AuditEvent | None:
        return (
            AuditEvent("monday", "a@example.com", "create", frozenset(), frozenset())
            if difference.name == "come"
            else None
        )

    found = [(row["name"], row["time"], row["user"]) for row in rows(comparison(tmp_path), blame)]

    nobody = [(name, "", "") for name in ("kept", "kept", "gone", "")]
    assert found == [*nobody[:3], ("come", "monday", "a@example.com"), nobody[3]]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "nothing differs"),
        ({"changed": 1, "created": 1234}, "1,234 created, 1 changed"),
        ({"unknown": 2, "deleted": 1}, "1 deleted, 2 unknown"),
        ({"unknown": 2}, "nothing differs, 2 unknown"),
    ],
)
def test_the_number_of_differences_is_a_sentence(counts: dict[str, int], words: str) -> None:
    assert counted(Counter(counts)) == words


def test_unknown_parts_do_not_count_as_differing() -> None:
    assert differing(Counter(created=1, deleted=2, changed=4, unknown=8)) == 7


@pytest.mark.parametrize(
    ("only", "skip", "asked"),
    [
        ((), (), [True, True, True]),
        (("dns",), (), [True, False, False]),
        (("code.script",), (), [False, True, True]),
        (("code.script/contents",), (), [False, False, True]),
        ((), ("code",), [True, False, False]),
        (("code",), ("code.script/contents",), [False, True, False]),
    ],
)
def test_a_kind_is_selected_by_its_name_its_product_or_its_contents(
    only: tuple[str, ...], skip: tuple[str, ...], asked: list[bool]
) -> None:
    kinds = ("dns.record", "code.script", "code.script/contents")

    assert list(map(selection(only, skip), kinds)) == asked


def test_what_went_with_its_parent_is_one_row(tmp_path: Path) -> None:
    zone, other = {"id": "z1", "name": "gone.example"}, {"id": "z2", "name": "kept.example"}
    records = [{"id": f"r{n}", "name": f"{n}.example", "type": "A", "content": "192.0.2.1"} for n in range(3)]
    held = {
        ("zones.zone", ""): [zone, other],
        ("dns.record", "z1"): records[:2],
        ("dns.record", "z2"): records,
        ("dns.switch", "z1"): [{"status": "on"}],
        ("dns.switch", "z2"): [],
    }
    left = {("zones.zone", ""): [other], ("dns.record", "z2"): records[1:], ("dns.switch", "z2"): []}
    old, new = made(tmp_path / "old", held), made(tmp_path / "new", left)
    kinds = {resource.kind: resource for resource in KINDS}

    def found(old: Snapshot, new: Snapshot) -> list[tuple[str, str, str]]:
        shown = collapsed(Comparison(old, new, KINDS, everything), kinds)
        return [(row["change"], row["name"], for_people(row)["what"]) for row in rows(shown)]

    assert found(old, new) == [
        ("deleted", "0.example A 192.0.2.1", ""),
        ("deleted", "gone.example", "with 2 records, switch"),
    ]
    assert found(new, old) == [
        ("created", "0.example A 192.0.2.1", ""),
        ("created", "gone.example", "with 2 records, switch"),
    ]


def test_a_change_is_said_in_one_column_for_people(tmp_path: Path) -> None:
    what = [for_people(row)["what"] for row in rows(comparison(tmp_path))]

    assert what == ["on: true → false", "ttl: 1 → 2", "", "", "complete / denied: why"]


def test_an_item_without_a_name_is_called_by_its_owner_for_people() -> None:
    row = {"kind": "workers.settings", "in": "api-gateway", "change": "changed", "name": "", "field": "x"}

    shown = for_people({**row, "old": None, "new": 1, "note": ""})

    assert (shown["name"], shown["what"]) == ("settings of api-gateway", "x: none → 1")


@pytest.mark.parametrize(
    ("kind", "parent", "name", "expected"),
    [
        ("dns.record", "example.com", "docs.example.com CNAME", ""),
        ("zones.setting", "example.com", "ssl", "example.com"),
        ("kv.key", "sessions", "sessions-old", "sessions"),
        ("workers.settings", "auth-edge", "", ""),
    ],
)
def test_the_parent_is_left_out_for_people_if_the_name_says_it(
    kind: str, parent: str, name: str, expected: str
) -> None:
    row = {"kind": kind, "in": parent, "change": "created", "name": name, "field": "", "note": ""}

    assert for_people({**row, "old": None, "new": None})["in"] == expected


def test_of_long_values_the_part_that_differs_is_shown() -> None:
    row = {
        "kind": "dns.record",
        "in": "",
        "change": "changed",
        "name": "a TXT",
        "field": "content",
        "note": "",
    }
    long = {**row, "old": "x" * 300 + "old" + "y" * 300, "new": "x" * 300 + "new"}

    shown, whole = for_people(long)["what"], for_people(long, whole=True)["what"]

    assert shown == f"content: …{'x' * 20}old{'y' * 95}… → …{'x' * 20}new"
    assert whole == f"content: {long['old']} → {long['new']}"
