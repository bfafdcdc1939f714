"""What changed in an account between two snapshots, and which parts cannot be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ops.errors import Damaged, Refused
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Compare, Resource, comparable
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.merge import Match, Sorted, likest, merged, sort_key
from ops.snapshots.compare.pairing import replaced
from ops.snapshots.compare.report import selection
from ops.snapshots.compare.side import Difference, fields
from ops.snapshots.layout import encode
from ops.snapshots.snapshot import ItemFile, Snapshot
from ops.snapshots.writer import StoredFile
from tests.snapshots.making import KINDS, STORE, THING, compared, everything, made, summarized

ME = ""


def thing(name: str, **more: Any) -> Json:
    return {"id": f"id of {name}", "name": name, **more}


def zone(id: str, name: str) -> Json:
    return {"id": id, "name": name}


def record(id: str, name: str, content: str, **more: Any) -> Json:
    return {"id": id, "name": name, "type": "A", "content": content, **more}


def zones_with(records: dict[str, list[Json]], **names: str) -> dict[tuple[str, str], list[Json]]:
    """Return zones by id with their names, and the records of each."""
    items: dict[tuple[str, str], list[Json]] = {("zones.zone", ME): [zone(i, n) for i, n in names.items()]}
    return items | {("dns.record", id): listed for id, listed in records.items()}


def test_created_deleted_and_changed_items_are_reported_field_by_field(tmp_path: Path) -> None:
    before = [thing("kept", ttl=1), thing("gone"), thing("edited", ttl=1, deep={"a": 1, "b": [1]})]
    after = [thing("kept", ttl=1), thing("new"), thing("edited", ttl=2, deep={"a": 1, "b": [2]})]
    old = made(tmp_path / "old", {("flat.thing", ME): before})
    new = made(tmp_path / "new", {("flat.thing", ME): after})

    found, comparison = compared(old, new)

    assert summarized(found) == [
        ("flat.thing", "", "changed", "edited"),
        ("flat.thing", "", "deleted", "gone"),
        ("flat.thing", "", "created", "new"),
    ]
    assert found[0].fields == (("deep.b", [1], [2]), ("ttl", 1, 2))
    assert (found[1].before, found[1].after) == ({"name": "gone"}, None)
    assert comparison.counts == {"created": 1, "deleted": 1, "changed": 1}


def test_a_volatile_field_does_not_differ(tmp_path: Path) -> None:
    one = thing("a", modified_on="monday", meta={"step": 1, "kept": 1})
    other = thing("a", modified_on="tuesday", meta={"step": 2, "kept": 1}, added=None) | {"id": "another"}
    old = made(tmp_path / "old", {("flat.thing", ME): [one]})
    new = made(tmp_path / "new", {("flat.thing", ME): [other]})

    assert compared(old, new)[0] == []


def test_an_item_whose_identity_was_edited_is_changed_not_replaced(tmp_path: Path) -> None:
    old = made(tmp_path / "old", zones_with({"z": [record("r", "www", "192.0.2.1")]}, z="example.com"))
    new = made(tmp_path / "new", zones_with({"z": [record("r", "www", "192.0.2.2")]}, z="example.com"))

    found, _ = compared(old, new)

    assert summarized(found) == [("dns.record", "example.com", "changed", "www A")]
    assert found[0].fields == (("content", "192.0.2.1", "192.0.2.2"),)


def test_an_id_that_is_listed_twice_hides_nothing(tmp_path: Path) -> None:
    twice = [record("r", "www", "192.0.2.1"), record("r", "www", "192.0.2.2")]
    old = made(tmp_path / "old", zones_with({"z": twice}, z="example.com"))
    new = made(tmp_path / "new", zones_with({"z": []}, z="example.com"))

    assert compared(old, new)[1].counts == {"deleted": 2}


def test_several_items_of_one_identity_are_paired_with_those_they_equal(tmp_path: Path) -> None:
    twins = [record("1", "www", "192.0.2.1", ttl=1), record("2", "www", "192.0.2.1", ttl=2)]
    triplets = [{**twins[1], "id": "7"}, {**twins[0], "id": "8"}, record("9", "www", "192.0.2.1", ttl=3)]
    old = made(tmp_path / "old", zones_with({"z": twins}, z="example.com"))
    new = made(tmp_path / "new", zones_with({"z": triplets}, z="example.com"))

    found, comparison = compared(old, new)

    assert comparison.counts == {"created": 1}
    assert found[0].after == {"name": "www", "type": "A", "content": "192.0.2.1", "ttl": 3}


def test_a_zone_that_was_created_again_is_matched_by_its_name(tmp_path: Path) -> None:
    kept, edited = record("1", "kept", "192.0.2.1"), record("2", "edited", "192.0.2.2", ttl=1)
    old = made(tmp_path / "old", zones_with({"z9": [kept, edited], "m": []}, z9="example.com", m="m.example"))
    again = [{**kept, "id": "3"}, {**edited, "id": "4", "ttl": 2}]
    new = made(tmp_path / "new", zones_with({"a1": again, "m": []}, a1="example.com", m="m.example"))

    found, _ = compared(old, new)

    assert summarized(found) == [("dns.record", "example.com", "changed", "edited A 192.0.2.2")]


def test_an_owner_that_was_renamed_keeps_its_items(tmp_path: Path) -> None:
    old = made(tmp_path / "old", zones_with({"z": [record("1", "www", "192.0.2.1")]}, z="example.com"))
    new = made(tmp_path / "new", zones_with({"z": [record("1", "www", "192.0.2.1")]}, z="example.org"))

    assert summarized(compared(old, new)[0]) == [("zones.zone", "", "changed", "example.org")]


def test_an_owner_that_took_the_name_of_another_is_still_itself(tmp_path: Path) -> None:
    lost, kept = record("1", "lost", "192.0.2.1"), record("2", "kept", "192.0.2.2")
    old = made(tmp_path / "old", zones_with({"y": [lost], "z": [kept]}, y="a.example", z="b.example"))
    new = made(tmp_path / "new", zones_with({"z": [kept]}, z="a.example"))

    records = [found for found in summarized(compared(old, new)[0]) if found[0] == "dns.record"]

    assert records == [("dns.record", "a.example", "deleted", "lost A 192.0.2.1")]


def bound(to: str, **namespaces: str) -> dict[tuple[str, str], list[Json]]:
    """Return namespaces by id with their titles, and a thing that is bound to the id *to*."""
    binding = {"bindings": [{"name": "S", "namespace_id": to}]}
    listed = [{"id": id, "title": title} for id, title in namespaces.items()]
    return {("kv.namespace", ME): listed, ("flat.thing", ME): [thing("t", **binding)]}


def test_a_reference_that_follows_a_namespace_created_again_does_not_differ(tmp_path: Path) -> None:
    old = made(tmp_path / "old", bound("one", one="s"))
    new = made(tmp_path / "new", bound("two", two="s"))
    elsewhere = made(tmp_path / "elsewhere", bound("three", two="s"))

    assert compared(old, new)[0] == []
    assert summarized(compared(old, elsewhere)[0]) == [("flat.thing", "", "changed", "t")]


def test_a_reference_to_the_old_id_of_a_namespace_created_again_differs_either_way(tmp_path: Path) -> None:
    old = made(tmp_path / "old", bound("one", one="s"))
    new = made(tmp_path / "new", bound("one", two="s"))

    (there,), _ = compared(old, new)
    (back,), _ = compared(new, old)

    assert summarized([there, back]) == [("flat.thing", "", "changed", "t")] * 2
    ((field, before, after),), ((_, later, earlier),) = there.fields, back.fields
    assert field == "bindings"
    assert [value[0]["namespace_id"] for value in (before, after)] == ["two", "one (does not exist)"]
    assert [value[0]["namespace_id"] for value in (later, earlier)] == ["one (does not exist)", "one"]


def test_a_reference_to_a_deleted_namespace_differs_beside_the_deletion(tmp_path: Path) -> None:
    old = made(tmp_path / "old", bound("one", one="s"))
    new = made(tmp_path / "new", bound("one"))

    assert summarized(compared(old, new)[0]) == [
        ("flat.thing", "", "changed", "t"),
        ("kv.namespace", "", "deleted", "s"),
    ]
    assert [d.change for d in compared(new, old)[0]] == ["changed", "created"]


def test_a_reference_differs_only_if_the_list_that_lacks_its_id_is_complete(tmp_path: Path) -> None:
    old = made(tmp_path / "old", bound("one", one="s"))
    partial = {("kv.namespace", ME): "failed"}
    new = made(tmp_path / "new", bound("one", two="s"), statuses=partial)
    none = made(tmp_path / "none", bound("one"), statuses=partial)

    for side in (new, none):
        assert {d.kind for d in compared(old, side)[0]} == {"kv.namespace"}
        assert {d.kind for d in compared(side, old)[0]} == {"kv.namespace"}


def test_a_reference_to_an_id_that_neither_side_has_is_compared_as_text(tmp_path: Path) -> None:
    old = made(tmp_path / "old", bound("nowhere", one="s"))
    new = made(tmp_path / "new", bound("nowhere", two="s"))

    assert compared(old, new)[0] == []


def test_the_order_of_bindings_follows_their_new_ids(tmp_path: Path) -> None:
    kind = THING._replace(compare=Compare(volatile=("id",), unordered=("bindings",)))

    def items(first: str, second: str) -> dict[tuple[str, str], list[Json]]:
        namespaces = [{"id": first, "title": "a"}, {"id": second, "title": "b"}]
        bindings = [{"id": id, "name": name} for id, name in ((first, "A"), (second, "B"))]
        return {("kv.namespace", ME): namespaces, ("flat.thing", ME): [thing("t", bindings=bindings)]}

    old, new = made(tmp_path / "old", items("1", "2")), made(tmp_path / "new", items("9", "8"))

    assert list(Comparison(old, new, (kind, STORE), everything)) == []


def test_namespaces_that_swapped_their_titles_are_two_renames(tmp_path: Path) -> None:
    old = made(
        tmp_path / "old", {("kv.namespace", ME): [{"id": "1", "title": "a"}, {"id": "2", "title": "b"}]}
    )
    new = made(
        tmp_path / "new", {("kv.namespace", ME): [{"id": "1", "title": "b"}, {"id": "2", "title": "a"}]}
    )

    found, _ = compared(old, new)

    assert {d.fields for d in found} == {(("title", "a", "b"),), (("title", "b", "a"),)}


def test_a_value_differs_from_its_own_base64_text(tmp_path: Path) -> None:
    items = {("kv.namespace", ME): [{"id": "n", "title": "s"}], ("kv.key", "n"): [{"name": "a"}]}
    old = made(tmp_path / "old", items, values={"n": {"a": "AP8="}})
    new = made(tmp_path / "new", items, values={"n": {"a": {"value": "AP8=", "base64": True}}})

    ((field, before, after),) = compared(old, new)[0][0].fields

    assert (field, before[:7], after[:7]) == ("value", "4 bytes", "2 bytes")


def test_a_deleted_zone_is_deleted_with_its_records(tmp_path: Path) -> None:
    old = made(tmp_path / "old", zones_with({"z": [record("1", "www", "192.0.2.1")]}, z="example.com"))
    new = made(tmp_path / "new", zones_with({}))

    assert summarized(compared(old, new)[0]) == [
        ("zones.zone", "", "deleted", "example.com"),
        ("dns.record", "example.com", "deleted", "www A 192.0.2.1"),
    ]
    assert [change for _, _, change, _ in summarized(compared(new, old)[0])] == ["created", "created"]


@pytest.mark.fault("A25", "A26", "B9")
@pytest.mark.parametrize("status", ["denied", "unavailable", "failed", "inconsistent", "skipped", "absent"])
def test_what_was_not_read_completely_is_unknown_never_deleted_or_created(
    tmp_path: Path, status: str
) -> None:
    whole = zones_with({"z": [record("1", "a", "192.0.2.1"), record("2", "b", "192.0.2.1")]}, z="example.com")
    part = zones_with({"z": [record("2", "b", "192.0.2.1", ttl=5)]}, z="example.com")
    complete = made(tmp_path / "complete", whole)
    partial = made(tmp_path / "partial", part, statuses={("dns.record", "z"): status})

    forth, _ = compared(complete, partial)
    back, _ = compared(partial, complete)

    assert summarized(forth) == [
        ("dns.record", "example.com", "unknown", ""),
        ("dns.record", "example.com", "changed", "b A 192.0.2.1"),
    ]
    assert forth[0].fields == (("", "complete", status),)
    assert forth[0].reason == ("not in the snapshot" if status == "absent" else "why")
    assert {change for _, _, change, _ in summarized(back)} == {"unknown", "changed"}


def test_an_incomplete_section_shows_what_was_created_after_a_complete_one(tmp_path: Path) -> None:
    one, other = [record("1", "a", "192.0.2.1")], [record("2", "b", "192.0.2.1")]
    whole = made(tmp_path / "whole", zones_with({"z": one}, z="example.com"))
    part = made(
        tmp_path / "part",
        zones_with({"z": other}, z="example.com"),
        statuses={("dns.record", "z"): "failed"},
    )

    assert [d.change for d in compared(whole, part)[0]] == ["unknown", "created"]
    assert [d.change for d in compared(part, whole)[0]] == ["unknown", "deleted"]


@pytest.mark.fault("A25")
def test_zones_that_could_not_be_listed_leave_their_records_unknown(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole", zones_with({"z": [record("1", "a", "192.0.2.1")]}, z="example.com"))
    none = made(tmp_path / "none", zones_with({}), statuses={("zones.zone", ME): "denied"})

    assert summarized(compared(whole, none)[0]) == [("zones.zone", "", "unknown", "")]
    assert summarized(compared(none, whole)[0]) == [("zones.zone", "", "unknown", "")]


def test_items_three_levels_deep_differ_with_their_owners_if_the_other_side_proves_it(
    tmp_path: Path,
) -> None:
    notes = Resource("dns.note", "dns.record", ("name",))
    kinds = (*KINDS, notes)
    items = zones_with({"z": [record("r", "www", "192.0.2.1")]}, z="example.com")
    none = made(tmp_path / "none", zones_with({}), kinds=kinds)
    part = made(
        tmp_path / "part",
        items | {("dns.note", "r"): [{"name": "n"}]},
        statuses={("zones.zone", ME): "failed"},
        kinds=kinds,
    )

    forth = list(Comparison(none, part, kinds, lambda kind: True))
    back = list(Comparison(part, none, kinds, lambda kind: True))

    for found, change in ((forth, "created"), (back, "deleted")):
        assert summarized(found) == [
            ("zones.zone", "", "unknown", ""),
            ("zones.zone", "", change, "example.com"),
            ("dns.record", "example.com", change, "www A 192.0.2.1"),
            ("dns.note", "www", change, "n"),
        ]


def test_a_zone_deleted_while_it_was_read_is_deleted_with_its_items(tmp_path: Path) -> None:
    items = zones_with({"z": [record("1", "a", "192.0.2.1")]}, z="example.com")
    whole = made(tmp_path / "whole", items | {("dns.switch", "z"): [{"status": "on"}]})
    gone = made(tmp_path / "gone", items, statuses={("dns.switch", "z"): "gone"})

    forth, back = compared(whole, gone)[0], compared(gone, whole)[0]

    assert [(d.kind, d.change) for d in forth] == [
        ("zones.zone", "deleted"), ("dns.record", "deleted"), ("dns.switch", "deleted")
    ]  # fmt: skip
    assert [d.change for d in back] == ["created"] * 3
    assert compared(gone, gone)[0] == []


def test_a_kind_that_was_not_requested_is_named_once_and_is_not_unknown(tmp_path: Path) -> None:
    without = {("dns.record", "*"): "skipped"}
    items = zones_with({}, z="example.com")
    old = made(tmp_path / "old", items, statuses=without)
    new = made(tmp_path / "new", items, statuses=without)
    whole = made(tmp_path / "whole", zones_with({"z": []}, z="example.com"))

    found, comparison = compared(old, new)

    assert found == []
    assert "dns.record" in comparison.left_out
    assert "zones.zone" not in comparison.left_out
    gap = Difference("dns.record", "", "unknown", "", (), reason="nobody asked")
    assert compared(old, whole)[0] == [gap._replace(fields=(("", "skipped", "complete"),))]
    assert compared(whole, old)[0] == [gap._replace(fields=(("", "complete", "skipped"),))]


def test_a_kind_not_requested_on_one_side_and_without_owners_on_the_other_is_left_out(
    tmp_path: Path,
) -> None:
    skipped = made(tmp_path / "skipped", zones_with({}), statuses={("dns.record", "*"): "skipped"})
    empty = made(tmp_path / "empty", zones_with({}))

    left_out = [
        "dns.record" in compared(*sides)[1].left_out
        for sides in ((skipped, empty), (empty, skipped), (skipped, skipped), (empty, empty))
    ]

    assert left_out == [True, True, True, False]


def test_scans_of_the_same_chosen_zones_leave_nothing_unknown(tmp_path: Path) -> None:
    items = zones_with({"z": []}, z="example.com")
    chosen = {("zones.zone", ME): "skipped"}
    old = made(tmp_path / "old", items, statuses=chosen)
    new = made(tmp_path / "new", items, statuses=chosen)

    assert compared(old, new)[0] == []


def test_what_two_stopped_scans_did_not_reach_is_unknown(tmp_path: Path) -> None:
    stopped = {("dns.record", "z"): "skipped"}
    old = made(tmp_path / "old", zones_with({"z": []}, z="example.com"), statuses=stopped)
    new = made(tmp_path / "new", zones_with({"z": []}, z="example.com"), statuses=stopped)

    (found,), _ = compared(old, new)
    assert summarized([found]) == [("dns.record", "example.com", "unknown", "")]
    assert (found.fields, found.reason) == ((("", "skipped", "skipped"),), "why")


def test_an_unknown_part_has_the_reasons_of_both_sides(tmp_path: Path) -> None:
    stopped = {("dns.record", "z"): "skipped"}
    old = made(tmp_path / "old", zones_with({"z": []}, z="example.com"), statuses=stopped)
    new = made(
        tmp_path / "new", zones_with({"z": []}, z="example.com"), statuses={("dns.record", "z"): "absent"}
    )

    ((found,), _), ((back,), _) = compared(old, new), compared(new, old)

    assert (found.fields, found.reason) == ((("", "skipped", "absent"),), "why / not in the snapshot")
    assert (back.fields, back.reason) == ((("", "absent", "skipped"),), "not in the snapshot / why")


def test_a_kind_of_another_version_is_unknown(tmp_path: Path) -> None:
    strange = Resource("new.thing", ACCOUNT, ("name",))
    old = made(tmp_path / "old", {("flat.thing", ME): []})
    new = made(tmp_path / "new", {("flat.thing", ME): [], ("new.thing", ME): []}, kinds=(*KINDS, strange))

    strange_kind = Difference(
        "new.thing", "", "unknown", "", (), reason="this version of cfops does not know the kind"
    )
    for sides, standing in (
        ((old, new), ("", "absent", "complete")),
        ((new, old), ("", "complete", "absent")),
        ((new, new), ("", "complete", "complete")),
    ):
        assert compared(*sides)[0] == [strange_kind._replace(fields=(standing,))]
    assert compared(old, new, selection((), ("new",)))[0] == []


def test_a_difference_has_all_ids_and_names_of_the_item_and_its_owner(tmp_path: Path) -> None:
    before = zones_with({"z": [record("1", "www", "192.0.2.1", ttl=1)]}, z="example.com")
    after = zones_with({"y": [record("2", "www", "192.0.2.1", ttl=2)]}, y="example.com")
    before[("flat.thing", ME)], after[("flat.thing", ME)] = [], [{"name": "anonymous", "n": 1}]
    before[("dns.switch", "z")], after[("dns.switch", "y")] = [{"status": "on"}], [{"status": "off"}]
    old, new = made(tmp_path / "old", before), made(tmp_path / "new", after)

    thing, www, switch = compared(old, new)[0]

    item = {"name": "www", "type": "A", "content": "192.0.2.1"}
    owners = ("y", "z", "example.com")
    assert thing == Difference(
        "flat.thing", "", "created", "anonymous", (), None, {"name": "anonymous", "n": 1}, ("anonymous",)
    )
    assert www == Difference(
        "dns.record", "example.com", "changed", "www A 192.0.2.1", (("ttl", 1, 2),),
        {**item, "ttl": 1}, {**item, "ttl": 2}, ("2", "1", "www"), owners,
    )  # fmt: skip
    assert switch == Difference(
        "dns.switch", "example.com", "changed", "", (("status", "on", "off"),),
        {"status": "on"}, {"status": "off"}, (), owners,
    )  # fmt: skip


def test_only_selected_kinds_are_compared(tmp_path: Path) -> None:
    old = made(tmp_path / "old", zones_with({"z": [record("1", "a", "192.0.2.1")]}, z="example.com"))
    new = made(tmp_path / "new", zones_with({"y": []}, y="example.org"))

    records, _ = compared(old, new, selection(("dns",), ()))
    others, _ = compared(old, new, selection((), ("dns.record",)))

    assert {d.kind for d in records} == {"dns.record"}
    assert {d.kind for d in others} == {"zones.zone"}
    assert not selection((), ("code.script/contents",))("code.script/contents")
    assert selection((), ("code.script/contents",))("code.script")


def test_files_are_compared_by_what_is_in_them(tmp_path: Path) -> None:
    items = {("code.script", ME): [{"id": "router"}]}
    old = made(tmp_path / "old", items, contents={"router": {"a.js": b"1", "b.js": b"1", "c.js": b"1"}})
    new = made(tmp_path / "new", items, contents={"router": {"a.js": b"1", "b.js": b"22", "d.js": b"1"}})
    without = made(tmp_path / "without", items)

    found, _ = compared(old, new)

    assert [(d.scope, d.change, d.name) for d in found] == [
        ("router", "changed", "b.js"), ("router", "deleted", "c.js"), ("router", "created", "d.js")
    ]  # fmt: skip
    assert [field for field, _, _ in found[0].fields] == ["bytes", "sha256"]
    assert compared(old, new, selection((), ("code.script/contents",)))[0] == []
    assert summarized(compared(old, without)[0]) == [("code.script/contents", "", "unknown", "")]


def test_values_are_compared_without_being_shown(tmp_path: Path) -> None:
    items = {
        ("kv.namespace", ME): [{"id": "n", "title": "s"}],
        ("kv.key", "n"): [{"name": "a"}, {"name": "b"}],
    }
    old = made(tmp_path / "old", items, values={"n": {"a": "same", "b": "hush one"}})
    new = made(tmp_path / "new", items, values={"n": {"b": "hush other", "a": "same"}})
    without = made(tmp_path / "without", items)
    empty = made(tmp_path / "empty", {**items, ("kv.key", "n"): []})

    found, _ = compared(old, new)

    assert summarized(found) == [("kv.key", "s", "changed", "b")]
    assert found[0].fields[0][1].startswith("8 bytes, sha256 ")
    assert "hush" not in repr(found)
    there, not_there = ("", "complete", "absent"), ("", "absent", "complete")
    for sides, standing in (((old, without), there), ((without, old), not_there)):
        (missing,), _ = compared(*sides)
        assert missing == Difference(
            "kv.key/values", "", "unknown", "", (standing,), reason="not in the snapshot"
        )
    assert {d.change for d in compared(old, empty)[0]} == {"deleted"}


def test_the_metadata_of_a_key_is_not_its_value(tmp_path: Path) -> None:
    items = {("kv.namespace", ME): [{"id": "n", "title": "s"}], ("kv.key", "n"): [{"name": "a"}]}
    old = made(tmp_path / "old", items, values={"n": {"a": {"value": "same", "metadata": 1}}})
    new = made(tmp_path / "new", items, values={"n": {"a": {"value": "same", "metadata": 2}}})

    assert compared(old, new)[0] == []


def test_files_that_were_not_read_completely_are_not_deleted(tmp_path: Path) -> None:
    items = {("code.script", ME): [{"id": "router"}]}
    partial = {("code.script/contents", "router"): "failed"}
    old = made(tmp_path / "old", items, contents={"router": {"a.js": b"1", "b.js": b"1"}})
    new = made(tmp_path / "new", items, contents={"router": {"a.js": b"2"}}, statuses=partial)

    assert [(d.change, d.name) for d in compared(old, new)[0]] == [("unknown", ""), ("changed", "a.js")]
    assert [(d.change, d.name) for d in compared(new, old)[0]] == [("unknown", ""), ("changed", "a.js")]


def test_snapshots_of_two_accounts_are_not_compared(tmp_path: Path) -> None:
    old = made(tmp_path / "old", {("flat.thing", ME): []})
    new = made(tmp_path / "new", {("flat.thing", ME): []}, account_id="b" * 32)

    with pytest.raises(Refused, match="of the account"):
        compared(old, new)


@pytest.mark.parametrize("harm", ["flip", "cut", "swap", "gone", "link"])
def test_a_file_that_was_changed_is_never_compared(tmp_path: Path, harm: str) -> None:
    things = [thing("a"), thing("b"), thing("c")]
    old = made(tmp_path / "old", {("flat.thing", ME): things})
    new = made(tmp_path / "new", {("flat.thing", ME): things[:2]})
    file = new.path / "flat.thing.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    if harm in ("gone", "link"):
        file.rename(tmp_path / "elsewhere")
    else:
        harmed = {"flip": [lines[0].replace(b"id of a", b"id of z"), lines[1]], "cut": lines[:1]}
        file.write_bytes(b"".join(harmed.get(harm, lines[::-1])))
    if harm == "link":
        file.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Damaged) as error:
        compared(old, new)

    assert str(file) in error.value.message


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"item":{},"scope":"a"}\n', b'{"item":{},"scope":"b"}\n', b'{"item":{},"scope":"a"}\n'],
        [b'{"item":{},"scope":1}\n'],
        [b'{"scope":"a","item":{}}\n'],
        [b"[" * 100_000 + b"\n"],
        [b'{"item":{},"scope":"a"}\n', b"\n"],
        [b'{"item":{},"scope":"a"}'],
        [b"\xff\n"],
    ],
)
def test_lines_that_a_scan_does_not_write_are_damage(tmp_path: Path, lines: list[bytes]) -> None:
    file, data = tmp_path / "flat.thing.jsonl", b"".join(lines)
    file.write_bytes(data)

    with pytest.raises(Damaged):
        ItemFile(file, StoredFile(len(data), sha256(data).hexdigest()))


def test_items_whose_owner_is_missing_are_unknown(tmp_path: Path) -> None:
    stray = zones_with({"z": [], "lost": [record("1", "a", "192.0.2.1")]}, z="example.com")
    old = made(tmp_path / "old", stray)
    new = made(tmp_path / "new", zones_with({"z": []}, z="example.com"))

    stray = Difference("dns.record", "lost", "unknown", "", (("", "stray", "stray"),))
    assert compared(old, new)[0] == [stray._replace(reason="old does not hold their parent")]
    assert compared(new, old)[0] == [stray._replace(reason="old does not hold their parent")]


def test_a_file_that_was_written_out_of_order_is_named(tmp_path: Path) -> None:
    old = made(tmp_path / "old", {("flat.thing", ME): [thing("a"), thing("c")]})
    new = made(tmp_path / "new", {("flat.thing", ME): [thing("b"), thing("d")]})
    file = new.path / "flat.thing.jsonl"
    data = b"".join(reversed(file.read_bytes().splitlines(keepends=True)))
    file.write_bytes(data)
    files = {**new.manifest.files, file.name: StoredFile(len(data), sha256(data).hexdigest())}

    with pytest.raises(Damaged) as damaged:
        compared(old, Snapshot(new.path, replace(new.manifest, files=files)))

    assert str(file) in damaged.value.message


def test_values_are_compared_not_their_notation() -> None:
    old, new = {"a": 1, "b": True, "c": None, "e": {}, "f": "x"}, {"a": 1.0, "b": 1, "d": None, "f": {"g": 1}}

    assert list(fields(old, new)) == [("b", True, 1), ("e", {}, None), ("f", "x", {"g": 1})]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ([{"a": 1}], [{"a": 1, "b": 2}], ["x"]),
        ([{"a": 1}], [{"a": 1, "b": None}], []),
        ([1, 2], [1], ["x"]),
        (["a"], "a", ["x"]),
        ({"a": {"b": "one"}}, {"a": {"b": "two"}}, []),
        ({"a": ["one", "three"]}, {"a": ["two", "three"]}, []),
        ({"a": {"b": "two"}}, {"a": {"b": "one"}}, ["x.a.b"]),
    ],
)
def test_a_value_differs_by_what_is_inside_it_and_an_id_by_what_it_refers_to(
    old: Any, new: Any, names: list[str]
) -> None:
    found = fields(replaced({"x": old}, {"one": "two"}), {"x": new})

    assert [field for field, _, _ in found] == names


def by_likeness(old: Sorted, new: Sorted) -> Iterator[Match]:
    def seen(item: Json) -> bytes:
        return encode(comparable(THING, item))

    return merged(old, new, same=partial(likest, seen_old=seen, seen_new=seen))


names = some.text(some.sampled_from("ab/é\ud800"), max_size=2)
lists = some.lists(some.tuples(names, some.integers(0, 2)), max_size=12)


@given(lists, lists)
def test_a_merge_loses_nothing_and_pairs_what_is_the_same(
    old: list[tuple[str, int]], new: list[tuple[str, int]]
) -> None:
    def in_order(items: list[tuple[str, int]]) -> Sorted:
        written = [{"name": name, "n": n} for name, n in items]
        key = sort_key(THING)
        lines = [encode(item) for item in sorted(written, key=lambda i: (key(i), encode(i)))]
        return Sorted(iter(lines), key, Path("file"))

    found = list(by_likeness(in_order(old), in_order(new)))

    before = Counter((one["name"], one["n"]) for one, _ in found if one is not None)
    after = Counter((other["name"], other["n"]) for _, other in found if other is not None)
    assert before - after == Counter(old) - Counter(new)
    assert after - before == Counter(new) - Counter(old)
    assert all(one["name"] == other["name"] for one, other in found if one and other)
    came = Counter(other["name"] for one, other in found if one is None and other)
    went = Counter(one["name"] for one, other in found if other is None and one)
    counts = Counter(name for name, _ in new), Counter(name for name, _ in old)
    assert (came, went) == (counts[0] - counts[1], counts[1] - counts[0])


def test_a_list_out_of_order_is_damage() -> None:
    lines = [encode({"name": "b"}), encode({"name": "a"})]

    with pytest.raises(Damaged):
        list(
            by_likeness(
                Sorted(iter(lines), sort_key(THING), Path("file")),
                Sorted(iter(()), sort_key(THING), Path()),
            )
        )


MILLION = 1_000_000
_RUN = """
import json, re, sys, time
from pathlib import Path
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.snapshot import Snapshot, kinds
from ops.snapshots.manifest import load
from tests.snapshots.making import KINDS
sides = [Snapshot(Path(p), load(Path(p))) for p in sys.argv[1:]]
began = time.process_time()
comparison = Comparison(*sides, KINDS, lambda kind: True)
for difference in comparison: pass
took = time.process_time() - began
began = time.process_time()
for side in sides:
    for kind in kinds(side.manifest):
        for item in side.items(kind): pass
read = time.process_time() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps([took, read, peak, comparison.counts]))
"""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("changed", ["few", "all"])
def test_a_million_keys_and_a_hundred_thousand_records_take_flat_memory(tmp_path: Path, changed: str) -> None:
    def account(salt: int) -> dict[tuple[str, str], Any]:
        last = salt if changed == "all" else 0
        keys = [{"name": f"key:{n:07}", "expiration": n + last} for n in range(MILLION)]
        records = [
            record(
                f"{n:032x}", f"{n:06}.example.com", f"192.0.2.{(n + last) % 256}", ttl=1, comment="x" * 250
            )
            for n in range(MILLION // 10)
        ]
        if not last:
            keys[500_000]["expiration"] += salt
        return {
            ("kv.namespace", ME): [{"id": "n", "title": "sessions"}],
            ("kv.key", "n"): keys,
            **zones_with({"z": records}, z="example.com"),
        }

    for salt in (1, 2):
        made(tmp_path / f"{salt}", account(salt))
    run = subprocess.run(
        [sys.executable, "-c", _RUN, str(tmp_path / "1"), str(tmp_path / "2")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    took, read, peak, counts = json.loads(run.stdout)

    print(f"{changed}: {took:.1f} s, reading {read:.1f} s, {peak / 1e6:.0f} MB, {counts}")
    assert counts == {"changed": 1} if changed == "few" else {"changed": 1_100_000}
    assert peak < 300e6
    assert took <= 3 * read


def test_the_order_of_an_unordered_list_does_not_differ(tmp_path: Path) -> None:
    kind = THING._replace(compare=Compare(unordered=("parts",)))
    one, two = {"n": 1, "type": "a"}, {"n": 2, "type": "b"}
    old = made(tmp_path / "old", {("flat.thing", ME): [thing("x", parts=[one, two], steps=[1, 2])]})
    new = made(tmp_path / "new", {("flat.thing", ME): [thing("x", parts=[two, one], steps=[2, 1])]})

    found = list(Comparison(old, new, (kind,), everything))

    assert [difference.fields for difference in found] == [(("steps", [1, 2], [2, 1]),)]


@pytest.mark.parametrize(
    ("value", "key"), [("a", "a"), ("", ""), (None, ""), (5, "5"), (0, "0"), (False, "False")]
)
@pytest.mark.parametrize("identity", [("name",), ("name", "other")])
def test_a_list_is_sorted_as_text_whatever_its_values_are(
    identity: tuple[str, ...], value: object, key: str
) -> None:
    order = sort_key(Resource("new.thing", ACCOUNT, identity))

    assert order({"name": value})[0] == key
    assert order({})[0] == ""
