"""Plans that turn a zone into a file: matching, order, and what is refused."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import Conflict, ValidationError
from ops.kinds.resource import CREATE, DELETE, UNCHANGED, UPDATE, Change, Owner
from ops.products.dns import plan as planning
from ops.products.dns.entries import FileRecord, RecordFile
from ops.products.dns.plan import Plan, packed, state
from ops.products.dns.resources import RECORDS

Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}
OWNER = Owner("a" * 32, ZONE["id"], ZONE)


def plan(zone: Owner, existing: list[Json], file: list[FileRecord], *, keep: bool = False) -> Plan:
    return planning.plan(zone, existing, RecordFile(file), keep=keep)


def live(number: int, name: str, type: str, content: str, **more: Any) -> Json:
    stamps = {
        "id": f"{number:032x}",
        "created_on": "2026-01-01T00:00:00Z",
        "modified_on": "2026-01-01T00:00:00Z",
    }
    rest = {"ttl": 300, "proxied": False, "comment": None, "tags": [], "settings": {}, "meta": {}}
    return {**stamps, "name": f"{name}.example.com" if name else "example.com", "type": type,
            "content": content, **rest, **more}  # fmt: skip


def wanted(name: str, type: str, content: str, **more: Any) -> FileRecord:
    whole = f"{name}.example.com" if name else "example.com"
    return FileRecord(f"line {name} {content}", {"name": whole, "type": type, "content": content, **more})


def actions(found: Plan) -> list[tuple[str, str, str]]:
    return sorted((c.action, c.item["name"].partition(".")[0], c.item["content"]) for c in found.changes)


def test_equal_records_are_unchanged_in_every_spelling() -> None:
    existing = [
        live(1, "Www", "CNAME", "A.Example"),
        live(2, "t", "TXT", '"v=spf1 " "-all"'),
        live(3, "", "MX", "m.example", priority=10),
        live(4, "p", "A", "192.0.2.1", proxied=True, ttl=1, tags=["b:1", "a:1"]),
        live(5, "", "CAA", '0\tissue\t"x"', data={"flags": 0, "tag": "issue", "value": "x"}),
    ]
    file = [
        wanted("www", "CNAME", "a.example."),
        wanted("t", "TXT", "v=spf1 -all", comment=""),
        wanted("", "MX", "10 M.example.", ttl=300),
        wanted("p", "A", "192.0.2.1", ttl=600, tags=["a:1", "b:1"]),
        wanted("", "CAA", '0 issue "x"', settings={}),
    ]

    found = plan(OWNER, existing, file)

    assert (found.changes, found.unchanged, found.total) == ([], 5, 5)


def test_a_different_record_is_updated_and_keeps_its_id() -> None:
    existing = [live(1, "www", "A", "192.0.2.1", comment="kept"), live(2, "www", "A", "192.0.2.2")]

    (change,) = plan(
        OWNER, existing, [wanted("www", "A", "192.0.2.2"), wanted("www", "A", "192.0.2.3")]
    ).changes

    assert change.before
    assert change.after
    assert (change.action, change.before["id"], change.after["content"]) == (UPDATE, f"{1:032x}", "192.0.2.3")
    assert change.after["comment"] == "kept"


def test_records_missing_from_the_file_are_deleted_except_the_zone_s_name_servers() -> None:
    existing = [
        live(1, "", "NS", "ns.example"),
        live(2, "sub", "NS", "ns.example"),
        live(3, "x", "A", "192.0.2.1"),
    ]

    found = plan(OWNER, existing, [])

    assert actions(found) == [(DELETE, "sub", "ns.example"), (DELETE, "x", "192.0.2.1")]


def test_records_that_cloudflare_manages_are_neither_deleted_nor_changed() -> None:
    managed = live(1, "app", "AAAA", "100::", meta={"read_only": True, "origin_worker_id": "w"})
    other = live(2, "app", "AAAA", "2001:db8::1")

    without = plan(OWNER, [managed, other], [])
    beside = plan(OWNER, [managed, other], [wanted("app", "AAAA", "2001:db8::2")])

    assert actions(without) == [(DELETE, "app", "2001:db8::1")]
    assert actions(beside) == [(UPDATE, "app", "2001:db8::2")]


def test_keep_preserves_records_missing_from_the_file() -> None:
    existing = [
        live(1, "www", "A", "192.0.2.1"),
        live(2, "x", "A", "192.0.2.1"),
        live(3, "c", "CNAME", "a.example"),
    ]

    found = plan(
        OWNER, existing, [wanted("www", "A", "192.0.2.2"), wanted("c", "CNAME", "b.example")], keep=True
    )

    assert actions(found) == [(CREATE, "www", "192.0.2.2"), (UPDATE, "c", "b.example")]


def test_an_import_only_adds() -> None:
    existing = [live(1, "www", "A", "192.0.2.1", comment="mine"), live(2, "x", "A", "192.0.2.1")]

    file = [wanted("www", "A", "192.0.2.1", ttl=60), wanted("new", "A", "192.0.2.9")]
    found = planning.addition(OWNER, existing, RecordFile(file))

    assert actions(found) == [(CREATE, "new", "192.0.2.9")]
    assert found.different == 1


def test_records_with_changed_content_are_matched_by_id() -> None:
    existing = [live(1, "w", "A", "192.0.2.1"), live(2, "w", "A", "192.0.2.2")]
    file = [wanted("w", "A", "192.0.2.9", id=f"{2:032x}"), wanted("w", "A", "192.0.2.8", id=f"{1:032x}")]

    found = plan(OWNER, existing, file)

    assert {c.before["id"]: c.after["content"] for c in found.changes if c.before and c.after} == {
        f"{2:032x}": "192.0.2.9", f"{1:032x}": "192.0.2.8"
    }  # fmt: skip


def test_swapped_ids_with_equal_contents_are_not_a_change() -> None:
    existing = [live(1, "w", "A", "192.0.2.1"), live(2, "w", "A", "192.0.2.2")]
    file = [wanted("w", "A", "192.0.2.2", id=f"{1:032x}"), wanted("w", "A", "192.0.2.1", id=f"{2:032x}")]

    assert plan(OWNER, existing, file).changes == []


def test_missing_priorities_are_taken_from_the_live_records() -> None:
    existing = [live(1, "", "MX", "a.example", priority=10), live(2, "", "MX", "b.example", priority=20)]
    file = [wanted("", "MX", "a.example"), wanted("", "MX", "c.example", id=f"{2:032x}")]

    (change,) = plan(OWNER, existing, file).changes

    assert change.after
    assert (change.after["content"], change.after["priority"]) == ("c.example", 20)


@pytest.mark.fault("E12")
def test_types_and_fields_that_only_the_zone_knows_pass_verbatim() -> None:
    existing = [live(1, "n", "NEW", "x y"), live(2, "a", "A", "192.0.2.1", expiry="soon")]
    file = [
        wanted("n", "NEW", "x y"),
        wanted("m", "NEW", "z"),
        wanted("a", "A", "192.0.2.1", expiry="later"),
    ]

    found = plan(OWNER, existing, file)

    assert actions(found) == [(CREATE, "m", "z"), (UPDATE, "a", "192.0.2.1")]
    assert [c.after["expiry"] for c in found.changes if c.after and c.action == UPDATE] == ["later"]


@pytest.mark.parametrize(
    ("file", "error", "words"),
    [
        ([wanted("w", "A", "192.0.2.256")], ValidationError, "line w 192.0.2.256: "),
        ([wanted("w", "A", "192.0.2.1", ttl=5)], ValidationError, "TTL"),
        ([wanted("w", "MX", "m.example")], ValidationError, "MX"),
        ([wanted("w", "A", "192.0.2.1"), wanted("w", "A", "192.0.2.1", ttl=60)], ValidationError, "as well"),
        ([wanted("w", "A", "192.0.2.1"), wanted("w", "CNAME", "a.example")], Conflict, "CNAME beside A"),
        ([wanted("w", "CNAME", "b.example"), wanted("w", "CNAME", "a.example")], Conflict, "two CNAMEs"),
        ([wanted("w", "A", "192.0.2.1", comment="a\nb")], ValidationError, "one line"),
    ],
)
def test_a_file_with_invalid_or_conflicting_records_is_refused(
    file: list[FileRecord], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(OWNER, [], file)


def test_keeping_an_a_beside_a_new_cname_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        plan(OWNER, [live(1, "w", "A", "192.0.2.1")], [wanted("w", "CNAME", "a.example")], keep=True)


def test_the_state_changes_with_any_field_and_any_id_only() -> None:
    one, other = live(1, "a", "A", "192.0.2.1"), live(2, "b", "A", "192.0.2.2")
    first = state([one, other])

    assert state([other, {**one, "modified_on": "2027", "meta": {"x": 1}}]) == first
    assert state([one]) != first
    assert state([{**one, "id": "f" * 32}, other]) != first
    assert state([{**one, "comment": "x"}, other]) != first
    assert state([{**one, "unheard": "x"}, other]) != first


def swap(name: str) -> list[Change]:
    old, new = live(1, name, "CNAME", "a.example"), wanted(name, "A", "192.0.2.1").record
    return [Change(RECORDS, OWNER, None, new), Change(RECORDS, OWNER, old, None)]


@given(st.lists(st.sampled_from(["swap", "create", "delete"]), max_size=60), st.sampled_from([2, 4, 6, 10]))
def test_a_batch_never_separates_the_changes_of_a_swap(kinds: list[str], size: int) -> None:
    changes: list[Change] = []
    for number, kind in enumerate(kinds):
        both = swap(f"n{number}")
        changes += both if kind == "swap" else both[:1] if kind == "create" else both[1:]

    ordered = packed(changes, size)

    pieces = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    names = [{c.item["name"] for c in piece} for piece in pieces]
    cut = sum(len(a & b) for a, b in pairwise(names))
    assert sorted(map(id, ordered)) == sorted(map(id, changes))
    assert cut == 0


def test_deletions_come_first_within_a_name_and_growth_comes_last() -> None:
    changes = [swap("b")[0], *swap("a"), swap("c")[1]]

    found = [(c.item["name"][0], c.action) for c in packed(changes)]

    assert found == [("a", DELETE), ("a", CREATE), ("c", DELETE), ("b", CREATE)]


@pytest.mark.fault("E11")
def test_swaps_fill_batches_of_two_hundred() -> None:
    changes = [change for number in range(400) for change in swap(f"n{number}")] + [swap("x")[0]]

    ordered = packed(changes)

    for at in range(0, len(ordered), 200):
        names = [c.item["name"] for c in ordered[at : at + 200]]
        assert all(names.count(name) == 2 for name in names if not name.startswith("x"))


def srv(number: int, content: str, **data: Any) -> Json:
    return live(number, "_s._tcp", "SRV", content, data={"priority": 5, "weight": 1, "port": 443, **data})


@pytest.mark.parametrize(
    "more",
    [
        {"content": "1\t443\ta.example"},
        {"content": "5 1 443 a.example.", "priority": 5},
        {"data": {"priority": 5, "weight": 1, "port": 443, "target": "A.example."}},
        {
            "data": {"priority": "5", "weight": 1, "port": 443, "target": "a.example"},
            "content": "1\t443\ta.example",
        },
    ],
)
def test_structured_records_are_compared_by_their_data(more: Json) -> None:
    existing = srv(1, "1\t443\ta.example", target="a.example")
    entry = FileRecord("line 1", {"name": "_s._tcp.example.com", "type": "SRV", **more})

    assert plan(OWNER, [existing], [entry]).changes == []


@pytest.mark.parametrize(
    ("type", "content", "data"),
    [
        (
            "LOC",
            "IN LOC 52 0 0 N 4 0 0 E 0m 0m 0m 0m",
            {"lat_degrees": 52, "lat_direction": "N", "long_degrees": 4, "long_direction": "E"},
        ),
        ("CAA", '0\tissue\t"ca.example"', {"flags": 0, "tag": "issue", "value": "ca.example"}),
        ("SSHFP", "4  2 ABCD" + "00" * 30, {"algorithm": 4, "type": 2, "fingerprint": "abcd" + "00" * 30}),
        ("NEWER", "a\tb", None),
    ],
)
def test_a_list_with_cloudflare_s_own_content_plans_back_to_nothing(
    type: str, content: str, data: Any
) -> None:
    existing = live(1, "x", type, content, data=data)
    listed = FileRecord(
        "line 2", {"name": "x.example.com", "type": type, "content": content, "id": existing["id"]}
    )

    assert plan(OWNER, [existing], [listed]).changes == []


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (
            {"type": "CAA", "content": '0 issue "b"', "data": {"flags": 0, "tag": "issue", "value": "a"}},
            "contradicts",
        ),
        (
            {"type": "SRV", "priority": 7, "data": {"priority": 5, "weight": 1, "port": 2, "target": "a.b"}},
            "priority is 7",
        ),
        ({"type": "MX", "content": "10 m.example", "priority": 20}, "begins with the priority 10"),
        (
            {
                "type": "SRV",
                "content": "9 1 2 a.b",
                "data": {"priority": 5, "weight": 1, "port": 2, "target": "a.b"},
            },
            "contradicts",
        ),
        ({"type": "URI", "content": '10 1 "x:"', "priority": 20}, "begins with the priority 10"),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_two_contradictory_fields_are_refused_with_their_place(
    record: Json, words: str, exists: bool
) -> None:
    entry = FileRecord("line 7, record 3", {"name": "x.example.com", **record})
    existing = (
        [live(1, "x", **{"content": "", **record}) | {"content": "as Cloudflare has it"}] if exists else []
    )

    with pytest.raises(ValidationError, match=words) as error:
        plan(OWNER, existing, [entry])

    assert error.value.message.startswith("line 7, record 3: ")


def test_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    file = [wanted("a", "A", "192.0.2.1", proxed=True), wanted("b", "A", "192.0.2.1", tag=["x"])]

    with pytest.raises(ValidationError) as error:
        plan(OWNER, [], file)

    assert "'proxed'; did you mean proxied?" in error.value.message
    assert "'tag'; did you mean tags?" in error.value.message


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (wanted("a", "CNAME", "web"), "single label"),
        (wanted("a", "MX", "10 mail"), "single label"),
        (wanted("a", "CNAME", "192.0.2.1"), "IP address"),
        (wanted("a", "CNAME", "."), "root"),
        (wanted("a", "CNAME", "A.example.com."), "itself"),
        (wanted("a", "A", "10.0.0.1", proxied=True), "private"),
        (wanted("a", "AAAA", "fd00::1", proxied=True), "private"),
        (wanted("a", "AAAA", "::ffff:10.0.0.1", proxied=True), "private"),
        (wanted("a", "MX", "https://m.example", priority=1), "URL"),
        (wanted("a", "HINFO", "a b", comment="x"), "HINFO"),
    ],
)
def test_what_the_api_would_refuse_is_refused_before_it_is_sent(entry: FileRecord, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        planning.plan(OWNER, [], RecordFile([entry]), strict=True)


def test_an_exact_duplicate_is_skipped_with_a_note() -> None:
    file = [
        wanted("w", "A", "192.0.2.1"),
        wanted("w", "A", "192.0.2.1"),
        wanted("w", "TXT", "x"),
        wanted("w", "TXT", '"x"'),
    ]

    found = plan(OWNER, [live(1, "w", "TXT", "x")], file)

    assert actions(found) == [(CREATE, "w", "192.0.2.1")]
    assert [note.startswith("skipped: line w") for note in found.notes] == [True, True]


def test_a_conflict_within_a_file_names_its_lines() -> None:
    file = RecordFile(
        [
            FileRecord("line 12", wanted("w", "NS", "a.example").record),
            FileRecord("line 3", wanted("w", "TXT", "x").record),
        ],
        name="x.zone",
    )

    with pytest.raises(
        Conflict, match=r"x.zone: line 12: w.example.com would have NS beside TXT.*\(line 3, line 12\)"
    ):
        planning.plan(OWNER, [], file)


def test_delegated_names_may_have_ds_records() -> None:
    file = [wanted("w", "NS", "a.example"), wanted("w", "DS", "1 13 2 " + "ab" * 32)]

    assert len(plan(OWNER, [], file).changes) == 2


@pytest.mark.parametrize("name", ["-dash", "srv+x", "0/25", "My\\032Printer", "raw name", "xn---", "a;b"])
def test_an_exported_record_of_any_name_is_unchanged(name: str, tmp_path: Any) -> None:
    from ops.products.dns import files

    record = live(1, name, "A", "192.0.2.1")
    file = tmp_path / "x.json"
    file.write_text(json.dumps([record]))

    found = planning.plan(OWNER, [record], files.read(str(file), ZONE))

    assert (found.changes, found.unchanged) == ([], 1)


def test_a_change_compares_structured_records_by_their_data() -> None:
    before = srv(1, "1\t443\ta.example", target="a.example")
    after = {**before, "content": "5 1 443 a.example", "priority": 5}
    other = {**after, "data": {**before["data"], "port": 444}, "content": before["content"]}

    same, different = (Change(RECORDS, OWNER, before, one) for one in (after, other))

    assert same.action == UNCHANGED
    assert (different.action, {field for field, _, _ in different.differences()}) == (
        UPDATE,
        {"content", "data"},
    )


ODD: list[Json] = [
    live(1, "odd", "NEWTYPE", "x y"),
    live(2, "a;b", "A", "192.0.2.1"),
    live(3, "t", "TXT", 'unpaired " quote'),
    live(4, "u", "TXT", '"open'),
    live(5, "c", "CNAME", "*.example.net"),
    live(6, "d", "CAA", "", data={"flags": None}),
    live(7, "e", "SRV", "1 2", data={}),
    live(8, "f", "A", "not an address", ttl=7, tags=None, settings=None, comment=5),
    live(9, "g", "LOC", "somewhere", data={"lat_degrees": 1}),
    live(10, "x" * 70, "A", "192.0.2.1"),
    live(11, "h", "MX", "m.example", priority=None, newer={"a": 1}),
    live(12, "n", "NS", "ns.example") | {"name": "f.example.com"},
]


def test_no_live_record_blocks_the_plan_of_another(tmp_path: Any) -> None:
    found = plan(OWNER, ODD, [wanted("new", "A", "192.0.2.1")], keep=True)

    assert actions(found) == [(CREATE, "new", "192.0.2.1")]


@pytest.mark.parametrize("record", ODD, ids=lambda record: record["name"][:9])
def test_no_live_record_blocks_an_export_or_its_plan(record: Json, tmp_path: Any) -> None:
    from ops.products.dns import export, files

    file = tmp_path / "x.json"
    file.write_text(json.dumps(export.document(ZONE, [record])))

    assert export.bind(ZONE, [record])[0].startswith("$ORIGIN example.com.\n")
    assert planning.plan(OWNER, [record], files.read(str(file), ZONE)).changes == []
