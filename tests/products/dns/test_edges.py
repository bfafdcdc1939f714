"""The edges of records: numbers out of range, files that are odd, dry runs of several tasks, saved plans."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.errors import ValidationError
from ops.kinds.resource import Owner
from ops.products.dns import files, zonefile
from ops.products.dns.entries import raise_all
from ops.products.dns.names import canonical_name
from ops.products.dns.plan import plan
from ops.products.dns.rdata import fields_of, text_of
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.products.dns.conftest import Zone
from tests.products.dns.test_records import AT, rows

Inv = Callable[..., Result]
Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}


@pytest.mark.parametrize(
    ("type", "text", "words"),
    [
        ("A", "\\# 4 zz", "it is not the data of such a record in hexadecimal"),
        ("HTTPS", "1 . alpn=h2 alpn=h3", "it has priority, target, value, and one of them is not valid"),
        ("LOC", "52.5 N 4 E 0m", "its numbers are not those of a place"),
        ("LOC", "90 30 0 N 4 0 0 E 0m", "its numbers are not those of a place"),
        ("LOC", "52 N 180 0 1 E 0m", "its numbers are not those of a place"),
        ("LOC", "52 N 4 E 42849672.99m", "altitude is '42849672.99m', which is not a number of"),
        ("LOC", "52 N 4 E -100000.5m", "altitude is '-100000.5m', which is not a number of"),
        ("LOC", "52 N 4 E 0m 99999999999m", "size is '99999999999m', which is not a number of"),
    ],
)
def test_data_out_of_range_is_refused_with_what_is_wrong(type: str, text: str, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        fields_of(type, text)

    assert words in error.value.message


def test_the_ends_of_the_earth_are_a_place() -> None:
    assert fields_of("LOC", "90 N 180 W -100000m 90000000m")["data"]["lat_degrees"] == 90


@pytest.mark.parametrize("type", ["HTTPS", "SVCB"])
def test_a_binding_without_parameters_may_leave_them_out(type: str) -> None:
    assert text_of({"type": type, "data": {"priority": 1, "target": "."}}) == "1 ."


def test_an_escaped_name_may_begin_with_a_wildcard() -> None:
    assert canonical_name(r"*.My\032Printer.example.com", wildcard=True) == r"*.my\032printer.example.com"


def test_the_nibbles_of_a_reverse_zone_are_generated() -> None:
    text = "$GENERATE 26-27 ${0,4,n} PTR h$.example.com.\n$GENERATE 171-171 ${0,3,N} PTR x.example.com.\n"

    found = zonefile.read(text, "example.com").records

    assert [entry.record["name"] for entry in found] == [
        "a.1.example.com",
        "b.1.example.com",
        "b.a.example.com",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$GENERATE 1-1 ${-5,4,n} PTR x.example.com.\n", "a nibble of $GENERATE is negative"),
        ("www 300\n", "it has no type and no data"),
        ("www\n", "it has no type and no data"),
    ],
)
def test_a_line_of_a_zone_file_says_what_it_lacks(text: str, words: str) -> None:
    (error,) = zonefile.read(text, "example.com").errors

    assert error.message == f"line 1: {words}"


@pytest.mark.parametrize("text", ["a A 192.0.2.1", "a ( A\n192.0.2.1 )"])
def test_the_last_line_of_a_zone_file_needs_no_end(text: str) -> None:
    (entry,) = zonefile.read(text, "example.com").records

    assert (entry.record["name"], entry.record["content"]) == ("a.example.com", "192.0.2.1")


def test_a_zone_file_of_too_many_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zonefile, "MOST", 2)

    found = zonefile.read("a A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3\n", "example.com")

    assert [error.message for error in found.errors] == ["line 3: more than 2 records"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    (tmp_path / "x.zone").write_bytes(b";" * ((1 << 20) + 1))

    with pytest.raises(ValidationError, match="has more than 1 MiB"):
        files.read(str(tmp_path / "x.zone"), ZONE)


def test_a_backslash_of_octodns_is_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "example.com.yaml"
    file.write_text("t:\n  type: TXT\n  values: ['v=spf1\\; a\\b \"c\"', plain\\; text]\n")

    found = files.read(str(file), ZONE)

    assert found.errors == ()
    assert [entry.record["content"] for entry in found.records] == [
        r'"v=spf1; a\\b \"c\""',
        "plain; text",
    ]


def test_what_is_not_a_tag_is_named_in_a_warning_of_the_import(inv: Inv, zone: Zone) -> None:
    Path("x.zone").write_text('odd A 192.0.2.77 ; cf_tags=team:web,"odd"\n')

    result = inv("dns.import", *AT, "--file", "x.zone", "--yes")

    assert result.code == 0, result.err
    assert "warning: line 1: '\"odd\"' is not a tag, and ignored" in result.err
    assert zone.one(name="odd.example.com")["tags"] == ["team:web"]


@pytest.mark.parametrize("condition", ["name.startswith", "colour=red", "=x"])
def test_a_condition_that_the_api_does_not_have_is_refused(inv: Inv, zone: Zone, condition: str) -> None:
    result = inv("dns.list", *AT, "--where", condition)

    assert result.code == 1
    assert f"--where does not know {condition!r}" in result.err
    assert zone.sandbox.requests == []


def test_the_records_of_a_snapshot_are_exported_as_a_zone_file(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--only", "zones,dns", "--quiet").code == 0

    result = inv("dns.export", *AT, "--offline")

    assert result.code == 0, result.err
    assert "using --format bind" in result.err
    assert "\tIN\tMX\t" in result.out


def test_an_update_to_the_data_of_another_record_is_refused(inv: Inv, zone: Zone) -> None:
    for number in (1, 2):
        assert (
            inv("dns.create", *AT, "--name", "twin", "--type", "A", "--content", f"192.0.2.{number}").code
            == 0
        )
    second = zone.one(name="twin.example.com", content="192.0.2.2")
    writes = len(zone.writes)

    result = inv("dns.update", *AT, "--id", second["id"], "--content", "192.0.2.1")

    assert result.code == 1
    assert "another A record of twin.example.com already has this data" in result.err
    assert f"dns.delete --zone example.com --id {second['id']}" in result.err
    assert len(zone.writes) == writes


def test_a_put_replaces_the_record_that_the_old_content_names(inv: Inv, zone: Zone) -> None:
    for number in (1, 2):
        assert (
            inv("dns.create", *AT, "--name", "pair", "--type", "A", "--content", f"192.0.2.{number}").code
            == 0
        )
    named = ("--name", "pair", "--type", "A", "--content", "192.0.2.9", "--old-content", "192.0.2.2")

    result = inv("dns.put", *AT, *named)

    assert result.code == 0, result.err
    assert sorted(one["content"] for one in zone.records(name="pair.example.com")) == [
        "192.0.2.1",
        "192.0.2.9",
    ]


def test_a_dry_run_of_several_tasks_keeps_zones_names_and_ids_apart(inv: Inv, zone: Zone) -> None:
    www = zone.one(name="www.example.com")
    new = ("--name", "fresh", "--type", "A", "--content", "192.0.2.1")

    other = inv("--dry", "dns.create", "--zone", "example.org", *new, "dns.create", *AT, *new)
    names = inv("--dry", "dns.create", *AT, *new, "dns.put", *AT, "--name", "second", *new[2:])
    twice = inv("--dry", *("dns.delete", *AT, "--id", www["id"]) * 2)

    assert (other.code, names.code) == (0, 0), other.err + names.err
    assert other.err.count("fresh.example.org") == other.err.count("fresh.example.com") > 0
    assert twice.code == 0, twice.err
    assert f"unchanged: {www['id']} does not exist" in twice.err
    assert zone.writes == []


def planned(inv: Inv, line: str, change: Callable[[Json], None] = lambda _change: None) -> str:
    """Return the name of the file of a plan that adds *line*, after *change* was made to its only change."""
    Path("x.zone").write_text(line)
    assert inv("dns.plan", *AT, "--file", "x.zone", "--keep", "--to", "x.plan").code == 0
    saved = json.loads(Path("x.plan").read_text())
    (only,) = saved["changes"]
    change(only)
    Path("x.plan").write_text(json.dumps(saved))
    return "x.plan"


def test_a_saved_plan_may_change_the_ttl_alone(inv: Inv, zone: Zone) -> None:
    assert (
        inv("dns.create", *AT, "--name", "t", "--type", "A", "--content", "192.0.2.1", "--ttl", "300").code
        == 0
    )

    applied = inv("dns.apply", *AT, "--plan", planned(inv, "t 600 A 192.0.2.1 ; cf_tags=cf-proxied:false\n"))

    assert applied.code == 0, applied.err
    assert zone.one(name="t.example.com")["ttl"] == 600


def test_a_saved_plan_that_was_edited_into_no_change_writes_nothing(inv: Inv, zone: Zone) -> None:
    assert (
        inv("dns.create", *AT, "--name", "t", "--type", "A", "--content", "192.0.2.1", "--ttl", "300").code
        == 0
    )
    line = "t 600 A 192.0.2.1 ; cf_tags=cf-proxied:false\n"
    file = planned(inv, line, lambda change: change["after"].update(ttl=300))
    writes = len(zone.writes)

    applied = inv("dns.apply", *AT, "--plan", file, "--output", "json")

    assert (applied.code, [one["action"] for one in rows(applied)]) in ((0, []), (0, ["unchanged"])), (
        applied.err
    )
    assert len(zone.writes) == writes


def test_an_exported_record_that_breaks_a_rule_may_stay_but_not_change(tmp_path: Path) -> None:
    live = {
        "id": "2" * 32,
        "name": "a.example.com",
        "type": "A",
        "content": "192.0.2.1",
        "ttl": 300.5,
        "proxied": False,
    }
    owner, file = Owner("a" * 32, ZONE["id"], ZONE), tmp_path / "x.json"

    def errors(record: Json) -> list[str]:
        file.write_text(json.dumps([record]))
        found = files.read(str(file), ZONE)
        try:
            plan(owner, [live], found)
            raise_all(found.errors, found.name)
        except ValidationError as error:
            return [error.message]
        return []

    assert errors(live) == []
    (message,) = errors(live | {"comment": "new"})
    assert "ttl is 300.5, which is not a whole number" in message
