"""Single records: created, updated, put, deleted, and all of it undone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Result
from tests.products.dns.conftest import Zone

Inv = Callable[..., Result]
AT = ("--zone", "example.com")


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def undo(inv: Inv, made: Result) -> Result:
    found = re.search(r"undo\.apply (\S+)", made.err)
    assert found, made.err
    return inv("undo.apply", "--id", found[1], "--yes")


CREATED = [
    ("new", "A", ("--content", "192.0.2.77", "--proxied", "yes")),
    ("new", "AAAA", ("--content", "2001:db8::77", "--ttl", "300")),
    ("new", "CNAME", ("--target", "www.example.net", "--comment", "why")),
    ("@", "MX", ("--content", "mx3.example.com", "--priority", "0")),
    ("new", "TXT", ("--content", 'say "hi"; now')),
    ("new", "NS", ("--content", "ns1.example.net")),
    ("7", "PTR", ("--content", "host.example.com")),
    ("new", "OPENPGPKEY", ("--content", "AAAA")),
    ("_a._tcp", "SRV", ("--priority", "0", "--weight", "0", "--port", "443", "--target", "a.example")),
    ("@", "CAA", ("--flags", "0", "--tag", "issue", "--value", "ca.example")),
    ("new", "HTTPS", ("--priority", "1", "--target", ".", "--value", "alpn=h2")),
    ("new", "SVCB", ("--content", "1 a.example alpn=h2")),
    ("_25._tcp", "TLSA", ("--content", "3 1 1 " + "ab" * 32)),
    ("new", "SMIMEA", ("--content", "3 1 1 " + "ab" * 32)),
    ("new", "SSHFP", ("--content", "4 2 " + "ab" * 32)),
    ("new", "DS", ("--content", "1 13 2 " + "ab" * 32)),
    ("new", "DNSKEY", ("--content", "257 3 13 AAAA")),
    ("new", "CERT", ("--content", "1 2 8 AAAA")),
    ("new", "NAPTR", ("--content", '100 10 "S" "SIP+D2U" "" _sip._udp.example.com')),
    ("new", "URI", ("--priority", "10", "--weight", "1", "--target", "https://a.example/")),
    ("new", "LOC", ("--content", "52 22 23 N 4 53 32 E -2m 10m 10m 2m")),
    ("new", "A", ("--content", "192.0.2.78", "--tags", "team:web,env:test", "--tags", "x")),
]


@pytest.mark.parametrize(("name", "type", "options"), CREATED)
def test_a_record_of_every_type_is_created_once_and_can_be_undone(
    inv: Inv, zone: Zone, name: str, type: str, options: tuple[str, ...]
) -> None:
    before = zone.state()
    line = ("dns.create", *AT, "--name", name, "--type", type, *options, "--output", "json")

    made = inv(*line)
    again = inv(*line)
    during = zone.state()
    undone = undo(inv, made)

    assert (made.code, again.code, undone.code) == (0, 0, 0), (made.err, again.err, undone.err)
    assert (rows(made)[0]["action"], rows(again)[0]["action"]) == ("create", "unchanged")
    assert rows(made)[0]["id"] == rows(again)[0]["id"]
    assert len(during) == len(before) + 1
    assert zone.state() == before


UPDATED = [
    (("--name", "api", "--type", "A", "--content", "192.0.2.99"), {"content": "192.0.2.99"}),
    (("--name", "API.example.com.", "--type", "a", "--comment", "x"), {"comment": "x"}),
    (("--name", "api", "--type", "A", "--clear", "tags"), {"tags": []}),
    (("--name", "api", "--type", "A", "--proxied", "no", "--ttl", "300"), {"proxied": False, "ttl": 300}),
    (("--name", "vpn", "--type", "A", "--proxied", "yes"), {"proxied": True, "ttl": 1}),
    (("--name", "h3", "--type", "HTTPS", "--priority", "2"), {"priority": 2}),
    (("--name", "_ftp._tcp", "--type", "URI", "--priority", "5"), {"priority": 5}),
    (("--name", "@", "--type", "MX", "--old-content", "mx2.example.com", "--priority", "9"), {"priority": 9}),
    (
        ("--name", "_sip._tcp", "--type", "SRV", "--old-content", "40 5060 sip2.example.com.", "--port", "1"),
        {"data": {"priority": 20, "weight": 40, "port": 1, "target": "sip2.example.com"}},
    ),
    (
        ("--name", "@", "--type", "MX", "--old-content", "10 mx1.example.com", "--content", "m.example.net"),
        {"content": "m.example.net", "priority": 10},
    ),
    (("--name", "h3", "--type", "HTTPS", "--content", ". alpn=h2"), {"priority": 1}),
    (("--name", "office", "--type", "LOC", "--content", "1 2 3 N 4 5 6 E 0m"), {"ttl": 3600}),
    (("--name", "status.mixed-case", "--type", "CNAME", "--ttl", "60"), {"ttl": 60}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "wanted"), UPDATED)
def test_an_update_changes_only_the_given_fields(
    inv: Inv, zone: Zone, options: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    before = {record["id"]: record for record in zone.records()}
    state = zone.state()

    made = inv("dns.update", *AT, *options, "--output", "json")
    after = {record["id"]: record for record in zone.records()}
    undone = undo(inv, made)

    (changed,) = (id for id in before if before[id] != after[id])
    assert (made.code, undone.code) == (0, 0)
    assert rows(made)[0]["id"] == changed
    assert {name: after[changed][name] for name in wanted} == wanted
    assert zone.state() == state


def test_an_update_without_a_difference_sends_nothing(inv: Inv, zone: Zone) -> None:
    result = inv("dns.update", *AT, "--name", "vpn", "--type", "A", "--content", "192.0.2.40", "--ttl", "60")

    assert result.code == 0
    assert zone.writes == []


def test_an_update_by_id_checks_the_name_that_is_given_with_it(inv: Inv, zone: Zone) -> None:
    record = zone.one(name="vpn.example.com", type="A")

    wrong = inv("dns.update", *AT, "--id", record["id"], "--name", "api", "--ttl", "300")
    right = inv("dns.update", *AT, "--id", record["id"], "--name", "vpn", "--ttl", "300")

    assert (wrong.code, right.code) == (1, 0)
    assert "vpn.example.com" in wrong.err
    assert zone.one(name="vpn.example.com", type="A")["ttl"] == 300


@pytest.mark.parametrize(
    "line",
    [
        ("dns.update", "--ttl", "600"),
        ("dns.delete", "--yes"),
        ("dns.put", "--content", "192.0.2.99"),
    ],
)
def test_an_ambiguous_record_is_refused_with_the_candidates(
    inv: Inv, zone: Zone, line: tuple[str, ...]
) -> None:
    ids = [record["id"] for record in zone.records(name="origin.example.com", type="A")]

    result = inv(*line, *AT, "--name", "origin", "--type", "A")

    assert result.code == 1
    assert all(f"--id {id}" in result.err for id in ids)
    assert zone.writes == []


def test_content_chooses_one_of_several_records(inv: Inv, zone: Zone) -> None:
    result = inv(
        "dns.delete", *AT, "--name", "origin", "--type", "A", "--content", "192.0.2.31", "--yes"
    )  # fmt: skip

    assert result.code == 0
    assert [r["content"] for r in zone.records(name="origin.example.com", type="A")] == ["192.0.2.30"]


def test_a_priority_alone_chooses_one_of_several_records(inv: Inv, zone: Zone) -> None:
    line = ("dns.delete", *AT, "--name", "@", "--type", "MX", "--yes", "--output", "json", "--priority")

    none, one = inv(*line, "15"), inv(*line, "20")

    assert (rows(none)[0]["action"], rows(one)[0]["action"]) == ("unchanged", "delete")
    assert [record["priority"] for record in zone.records(type="MX", name="example.com")] == [10]


def test_an_id_beside_another_content_is_refused(inv: Inv, zone: Zone) -> None:
    record = zone.one(name="vpn.example.com", type="A")

    wrong = inv("dns.delete", *AT, "--id", record["id"], "--content", "192.0.2.41", "--yes")
    right = inv("dns.delete", *AT, "--id", record["id"], "--content", "192.0.2.40", "--yes")

    assert (wrong.code, right.code) == (1, 0)
    assert "192.0.2.40" in wrong.err


def test_put_creates_then_leaves_then_changes_the_record(inv: Inv, zone: Zone) -> None:
    before = zone.state()
    line = ("dns.put", *AT, "--name", "fresh", "--type", "A", "--output", "json")

    first = inv(*line, "--content", "192.0.2.1", "--comment", "old", "--ttl", "300")
    same = inv(*line, "--content", "192.0.2.1", "--comment", "old", "--ttl", "300")
    changed = inv(*line, "--content", "192.0.2.2")
    now = zone.one(name="fresh.example.com")
    undone = [undo(inv, changed), undo(inv, first)]

    assert [rows(one)[0]["action"] for one in (first, same, changed)] == ["create", "unchanged", "update"]
    assert (now["content"], now["comment"], now["ttl"]) == ("192.0.2.2", None, 1)
    assert [one.code for one in undone] == [0, 0]
    assert zone.state() == before


def test_put_keeps_settings_which_have_no_option(inv: Inv, other: Callable[[str], Zone]) -> None:
    zone = other("example.org")

    result = inv(
        "dns.put", "--zone", "example.org", "--name", "cdn", "--type", "CNAME", "--content", "x.example.net"
    )

    assert result.code == 0
    assert zone.one(name="cdn.example.org")["settings"] == {"flatten_cname": True}


def test_cleared_settings_can_be_undone(inv: Inv, other: Callable[[str], Zone]) -> None:
    zone = other("example.org")
    before = zone.state()

    made = inv(
        "dns.update", "--zone", "example.org", "--name", "cdn", "--type", "CNAME", "--clear", "settings"
    )
    during = zone.one(name="cdn.example.org")["settings"]
    undo(inv, made)

    assert (made.code, during) == (0, {})
    assert zone.state() == before


@pytest.mark.parametrize("name", ["www", "WWW.example.com.", "@"])
def test_undo_restores_a_deleted_record_completely(inv: Inv, zone: Zone, name: str) -> None:
    before = zone.state()
    type = "AAAA" if name == "@" else "CNAME"

    made = inv("dns.delete", *AT, "--name", name, "--type", type, "--yes")
    during = zone.state()
    undone = undo(inv, made)

    assert (made.code, undone.code) == (0, 0)
    assert len(during) == len(before) - 1
    assert zone.state() == before


@pytest.mark.parametrize("which", [("--id", "f" * 32), ("--name", "gone", "--type", "A")])
def test_deleting_a_missing_record_succeeds(inv: Inv, zone: Zone, which: tuple[str, ...]) -> None:
    result = inv("dns.delete", *AT, *which, "--output", "json")

    assert result.code == 0
    assert rows(result)[0]["action"] == "unchanged"
    assert zone.writes == []


@pytest.mark.fault("G4")
def test_a_deletion_without_a_terminal_needs_yes(inv: Inv, zone: Zone) -> None:
    result = inv("dns.delete", *AT, "--name", "www", "--type", "CNAME")

    assert result.code == 1
    assert zone.writes == []


REFUSED = [
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.256"),
    ("dns.create", "--name", "x", "--type", "SRV", "--content", "1 2 x"),
    ("dns.create", "--name", "x", "--type", "SRV", "--priority", "1", "--target", "a.example"),
    ("dns.create", "--name", "x", "--type", "MX", "--content", "m.example.net"),
    ("dns.update", "--id", "..", "--ttl", "300"),
    (
        "dns.delete",
        "--name",
        "@",
        "--type",
        "MX",
        "--content",
        "10 mx1.example.com",
        "--priority",
        "9",
        "--yes",
    ),
    ("dns.create", "--name", "www", "--type", "A", "--content", "192.0.2.1"),
    ("dns.create", "--name", "api", "--type", "CNAME", "--content", "a.example"),
    ("dns.create", "--name", "www", "--type", "CNAME", "--content", "other.example"),
    ("dns.create", "--name", "vpn", "--type", "A", "--content", "192.0.2.40"),
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.1", "--ttl", "59"),
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.1", "--ttl", "99999"),
    ("dns.create", "--name", "x", "--type", "TXT", "--content", "a", "--proxied", "yes"),
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.1", "--proxied", "maybe"),
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.1", "--comment", "a\nb"),
    ("dns.create", "--name", "x", "--type", "A", "--content", "192.0.2.1", "--tags", "a b"),
    ("dns.create", "--name", "x", "--type", "TXT", "--content", "x" * 2049),
    ("dns.create", "--name", "a..b", "--type", "A", "--content", "192.0.2.1"),
    ("dns.create", "--name", "www.example.org.", "--type", "A", "--content", "192.0.2.1"),
    ("dns.create", "--name", "x", "--type", "A"),
    ("dns.create", "--name", "x", "--type", "CNAME", "--content", " "),
    ("dns.create", "--name", "x", "--type", "MX", "--content", " ", "--priority", "10"),
    ("dns.create", "--name", "x", "--type", "WHAT", "--content", "x"),
    ("dns.update", "--name", "gone", "--type", "A", "--ttl", "300"),
    ("dns.update", "--id", "f" * 32, "--ttl", "300"),
    ("dns.update", "--name", "vpn", "--type", "A"),
    ("dns.update", "--name", "vpn", "--ttl", "300"),
    ("dns.update", "--name", "api", "--type", "A", "--ttl", "300"),
    ("dns.update", "--name", "vpn", "--type", "A", "--clear", "content"),
    ("dns.update", "--id", ".", "--ttl", "300"),
    ("dns.put", "--name", "www", "--type", "A", "--content", "192.0.2.1"),
    ("dns.put", "--name", "vpn", "--type", "A", "--old-content", "192.0.2.41", "--content", "192.0.2.1"),
    ("dns.delete", "--name", "vpn", "--yes"),
    ("dns.delete", "--name", "vpn", "--type", "A", "--content", "nonsense", "--yes"),
]


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_input_is_refused_with_a_hint_and_without_a_write(
    inv: Inv, zone: Zone, line: tuple[str, ...]
) -> None:
    result = inv(*line, *AT)

    assert result.code == 1
    assert "hint: " in result.err
    assert "Traceback" not in result.err
    assert zone.writes == []


def test_a_ttl_of_thirty_seconds_is_for_enterprise(inv: Inv, other: Callable[[str], Zone]) -> None:
    line = ("--name", "quick", "--type", "A", "--content", "192.0.2.1", "--ttl", "30")

    shop, free = (inv("dns.create", "--zone", name, *line) for name in ("shop.example", "example.net"))

    assert (shop.code, free.code) == (0, 1)
    assert "60 to 86400" in free.err


@pytest.mark.fault("G3")
def test_a_zone_is_never_guessed(inv: Inv, zone: Zone) -> None:
    result = inv("dns.create", "--zone", "example.co", "--name", "x", "--type", "A", "--content", "192.0.2.1")

    assert result.code == 1
    assert zone.writes == []


@pytest.mark.fault("G7")
def test_later_tasks_of_a_dry_run_see_simulated_changes(inv: Inv, zone: Zone) -> None:
    name = ("--name", "fresh", "--type", "A")

    result = inv(
        "--dry",
        "dns.create", *AT, *name, "--content", "192.0.2.1",
        "dns.update", *AT, *name, "--ttl", "300",
        "dns.create", *AT, "--name", "fresh", "--type", "CNAME", "--content", "a.example",
    )  # fmt: skip

    assert result.code == 1
    assert "ttl 1 → 300" in result.err
    assert "fresh.example.com would have a CNAME beside A" in result.err
    assert zone.writes == []


def test_a_simulated_deletion_makes_room_for_a_later_task(inv: Inv, zone: Zone) -> None:
    result = inv(
        "--dry",
        "dns.delete", *AT, "--name", "www", "--type", "CNAME",
        "dns.create", *AT, "--name", "www", "--type", "A", "--content", "192.0.2.1",
    )  # fmt: skip

    assert result.code == 0, result.err
    assert zone.writes == []


def put_on_plan(zone: Zone, plan: str) -> None:
    """Put a zone on another plan: Free has no tags and short comments only."""
    store = zone.sandbox.store
    found = json.loads(store.document_text("zone", "", zone.id) or "{}")
    store.put_document("zone", "", zone.id, {**found, "plan": {**found["plan"], "legacy_id": plan}})


def test_an_undo_on_a_smaller_plan_says_which_fields_it_leaves_out(inv: Inv, zone: Zone) -> None:
    options = ("--name", "rich", "--type", "A")
    rich = (*options, "--content", "192.0.2.77", "--tags", "a:b", "--comment", "c" * 101)
    created = inv("dns.create", *AT, *rich)
    assert created.code == 0, created.err
    deleted = inv("dns.delete", *AT, *options, "--yes")
    put_on_plan(zone, "free")

    undone = undo(inv, deleted)

    record = zone.one(name="rich.example.com")
    assert undone.code == 0, undone.err
    assert (record["content"], record["tags"], record["comment"]) == ("192.0.2.77", [], None)
    assert undone.err.count("undone without tags, comment, which example.com does not allow") == 1
    assert undo(inv, undone).code == 0
    assert zone.records(name="rich.example.com") == []


def test_an_undo_on_the_same_plan_restores_tags_and_comment(inv: Inv, zone: Zone) -> None:
    options = ("--name", "rich", "--type", "A")
    inv("dns.create", *AT, *options, "--content", "192.0.2.77", "--tags", "a:b", "--comment", "c" * 101)
    deleted = inv("dns.delete", *AT, *options, "--yes")

    undone = undo(inv, deleted)

    record = zone.one(name="rich.example.com")
    assert (record["tags"], record["comment"]) == (["a:b"], "c" * 101)
    assert "undone without" not in undone.err
