"""Plans shown, saved and applied to the sandbox, in batches of one transaction each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.items import Json
from ops.kinds.resource import Change, Owner
from ops.products.dns.resources import RECORDS
from ops.sandbox.faults import Fault
from ops.writes.sending import batches
from tests.conftest import Result
from tests.products.dns.conftest import Zone
from tests.products.dns.test_records import AT, rows, undo

Inv = Callable[..., Result]


def exported(inv: Inv, name: str, *options: str) -> Path:
    """Export example.com into a file called *name*."""
    result = inv("dns.export", *AT, *options)
    assert result.code == 0, result.err
    file = Path(name)
    file.write_text(result.out)
    return file


def edited(inv: Inv, change: Callable[[list[dict[str, Any]]], None], name: str = "edited.json") -> Path:
    """Export example.com as JSON, with *change* made to its records."""
    file = exported(inv, name, "--format", "json")
    document = json.loads(file.read_text())
    change(document["records"])
    document["count"] = len(document["records"])
    file.write_text(json.dumps(document))
    return file


def swap_www(records: list[dict[str, Any]]) -> None:
    (www,) = (record for record in records if record["name"] == "www.example.com")
    www |= {"type": "A", "content": "192.0.2.9"}


@pytest.mark.parametrize("name", ["x.json", "x.yaml", "x.zone", "x.csv"])
def test_an_export_planned_back_makes_no_difference(inv: Inv, zone: Zone, name: str) -> None:
    format = {"json": "json", "yaml": "yaml", "zone": "bind"}.get(name[2:])
    if format:
        exported(inv, name, "--format", format)
    else:
        Path(name).write_text(inv("dns.list", *AT, "--output", "csv").out)

    result = inv("dns.plan", *AT, "--file", name, "--exit-code", "--output", "json")

    assert (result.code, rows(result)) == (0, [])
    assert zone.writes == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("x.csv", ("dns.list", "--output", "csv")),
        ("x.json", ("dns.list", "--output", "json")),
        ("x.yaml", ("dns.export", "--format", "yaml")),
        ("x.zone", ("dns.export", "--format", "bind")),
    ],
)
def test_contents_in_cloudflare_s_own_form_make_no_difference(
    inv: Inv, zone: Zone, name: str, line: tuple[str, ...]
) -> None:
    for record in zone.records():
        store_as_documented(zone, record)
    Path(name).write_text(inv(*line, *AT).out)

    result = inv("dns.plan", *AT, "--file", name, "--exit-code", "--output", "json")

    assert (result.code, rows(result)) == (0, []), result.err


# How Cloudflare writes the contents that it derives from `data`: without the priority, with tabs.
DERIVED = {
    "SRV": "{weight}\t{port}\t{target}",
    "CAA": '{flags}\t{tag}\t"{value}"',
    "SSHFP": "{algorithm}\t{type}\t{fingerprint}",
    "TLSA": "{usage}\t{selector}\t{matching_type}\t{certificate}",
    "HTTPS": "{target} {value}",
}


def store_as_documented(zone: Zone, record: dict[str, Any]) -> None:
    """Store *record* with the content that Cloudflare derives."""
    content = record["content"]
    if record["type"] in DERIVED:
        content = DERIVED[record["type"]].format(**record["data"])
    elif record["type"] == "LOC":
        content = f"IN LOC {content}"
    text = json.dumps({**record, "content": content})
    zone.sandbox.store.run("UPDATE dns_record SET body = ? WHERE id = ?", (text, record["id"]))


def test_the_api_s_own_export_makes_no_difference(inv: Inv, other: Callable[[str], Zone]) -> None:
    other("mail.example")
    Path("x.zone").write_text(inv("dns.export", "--zone", "mail.example").out)

    result = inv("dns.plan", "--zone", "mail.example", "--file", "x.zone", "--exit-code")

    assert result.code == 0, result.out


def test_differences_end_with_five_only_with_exit_code(inv: Inv, zone: Zone) -> None:
    file = edited(inv, swap_www)

    plain = inv("dns.plan", *AT, "--file", str(file))
    strict = inv("dns.plan", *AT, "--file", str(file), "--exit-code", "--output", "json")

    assert (plain.code, strict.code) == (0, 5)
    assert [row["action"] for row in rows(strict)] == ["delete", "create"]
    assert zone.writes == []


def test_a_file_is_applied_in_one_transaction_and_can_be_undone(inv: Inv, zone: Zone) -> None:
    before = zone.state()
    file = edited(inv, swap_www)

    made = inv("dns.apply", *AT, "--file", str(file), "--yes")
    during = zone.one(name="www.example.com")
    sent = list(zone.writes)
    undone = undo(inv, made)

    assert (made.code, undone.code) == (0, 0), (made.err, undone.err)
    assert [path.rpartition("/")[2] for _, path in sent] == ["batch"]
    assert (during["type"], during["content"], during["tags"]) == (
        "A",
        "192.0.2.9",
        ["team:web", "env:production"],
    )
    assert zone.state() == before


@pytest.mark.fault("D11")
def test_a_saved_plan_is_for_one_state_of_one_zone(
    inv: Inv, zone: Zone, other: Callable[[str], Zone]
) -> None:
    file = edited(inv, swap_www)
    saved = inv("dns.plan", *AT, "--file", str(file), "--save", "www.plan")

    foreign = inv("dns.apply", "--zone", "example.org", "--plan", "www.plan", "--yes")
    zone.ask("PATCH", f"/dns_records/{zone.one(name='vpn.example.com', type='A')['id']}", {"ttl": 120})
    count = len(zone.writes)
    stale = inv("dns.apply", *AT, "--plan", "www.plan", "--yes")

    assert (saved.code, foreign.code, stale.code) == (0, 1, 1)
    assert "plan for example.com" in foreign.err
    assert "has changed since" in stale.err
    assert len(zone.writes) == count == 1
    assert Path("www.plan").stat().st_mode & 0o777 == 0o600


def test_a_saved_plan_can_be_applied_once(inv: Inv, zone: Zone) -> None:
    inv("dns.plan", *AT, "--file", str(edited(inv, swap_www)), "--save", "www.plan")

    first = inv("dns.apply", *AT, "--plan", "www.plan", "--yes")
    second = inv("dns.apply", *AT, "--plan", "www.plan", "--yes")

    assert (first.code, second.code) == (0, 1)
    assert zone.one(name="www.example.com")["type"] == "A"


@pytest.mark.parametrize(
    "damage",
    [
        lambda plan: plan.update(plan=2),
        lambda plan: plan["changes"].append({"before": {"id": "f" * 32}, "after": None}),
        lambda plan: plan["changes"].append({"after": None}),
        lambda plan: plan["changes"][1]["after"].update(content="nonsense"),
        lambda plan: plan["changes"][1]["after"].update(ttl=5),
        lambda plan: plan["changes"][1]["after"].update(name="www.example.org"),
        lambda plan: plan.pop("changes"),
        lambda plan: plan.update(changes=5),
    ],
)
def test_an_edited_plan_file_is_refused(
    inv: Inv, zone: Zone, damage: Callable[[dict[str, Any]], None]
) -> None:
    inv("dns.plan", *AT, "--file", str(edited(inv, swap_www)), "--save", "www.plan")
    plan = json.loads(Path("www.plan").read_text())
    damage(plan)
    Path("www.plan").write_text(json.dumps(plan))

    result = inv("dns.apply", *AT, "--plan", "www.plan", "--yes")

    assert result.code == 1
    assert "hint: " in result.err
    assert zone.writes == []


@pytest.mark.parametrize("text", ["", "[]", "not json", '{"plan": 1}'])
def test_another_file_is_refused_as_a_plan(inv: Inv, zone: Zone, text: str) -> None:
    Path("x.plan").write_text(text)

    result = inv("dns.apply", *AT, "--plan", "x.plan", "--yes")

    assert result.code == 1
    assert zone.writes == []


def test_a_pipe_is_refused_as_a_plan_and_not_waited_for(inv: Inv, zone: Zone) -> None:
    os.mkfifo("x.plan")

    result = inv("dns.apply", *AT, "--plan", "x.plan", "--yes")

    assert result.code == 1
    assert "not a regular file" in result.err


@pytest.mark.fault("G2")
@pytest.mark.parametrize(("count", "code"), [(12, 0), (13, 1)])
def test_changing_more_than_thirty_percent_needs_force(inv: Inv, zone: Zone, count: int, code: int) -> None:
    def retag(records: list[dict[str, Any]]) -> None:
        plain = [record for record in records if record["type"] not in ("NS", "MX")]
        for record in plain[:count]:
            record["comment"] = "touched"

    assert len(zone.records()) == 40
    file = edited(inv, retag)

    result = inv("dns.apply", *AT, "--file", str(file))
    forced = inv("dns.apply", *AT, "--file", str(file), "--force")

    assert (result.code, forced.code) == (code, 0)


@pytest.mark.fault("G2")
def test_changing_the_mail_servers_of_the_zone_itself_needs_force(inv: Inv, zone: Zone) -> None:
    def reroute(records: list[dict[str, Any]]) -> None:
        next(record for record in records if record["type"] == "MX")["content"] = "mx.example.net"

    file = edited(inv, reroute)

    result = inv("dns.apply", *AT, "--file", str(file), "--yes")

    assert result.code == 1
    assert "--force" in result.err
    assert zone.writes == []


def test_an_empty_file_does_not_empty_the_zone(inv: Inv, zone: Zone) -> None:
    Path("empty.json").write_text("[]")

    result = inv("dns.apply", *AT, "--file", "empty.json", "--yes")

    assert result.code == 1
    assert zone.writes == []


def test_keep_adds_and_deletes_nothing(inv: Inv, zone: Zone) -> None:
    Path("more.yaml").write_text("- {name: more, type: A, content: 192.0.2.200, comment: new}\n")

    result = inv("dns.apply", *AT, "--file", "more.yaml", "--keep", "--output", "json")

    assert [row["action"] for row in rows(result)] == ["create"]
    assert len(zone.records()) == 41


@pytest.mark.fault("E11")
@pytest.mark.fault("G8")
def test_many_records_are_sent_in_one_batch_on_a_paid_plan_and_can_be_undone(
    inv: Inv, other: Callable[[str], Zone]
) -> None:
    zone = other("shop.example")
    before = zone.state()
    lines = [f"{{name: n{n}, type: A, content: 10.0.{n >> 8}.{n & 255}}}" for n in range(450)]
    Path("many.yaml").write_text("".join(f"- {line}\n" for line in lines))

    made = inv("dns.apply", "--zone", "shop.example", "--file", "many.yaml", "--keep", "--quiet")
    sent = [path.rpartition("/")[2] for _, path in zone.writes]
    count = len(zone.records())
    zone.sandbox.requests.clear()
    undone = inv("undo.last", "--yes")

    assert (made.code, undone.code) == (0, 0), (made.err, undone.err)
    assert sent == ["batch"]
    # The zone before the question and under the locks, three batches, and the first and last of each batch.
    assert len(zone.sandbox.requests) <= 20
    assert count == len(before) + 450
    assert zone.state() == before


@pytest.mark.fault("P13")
@pytest.mark.parametrize(
    ("plan", "most"),
    [({"plan": {"legacy_id": "free"}}, 200), ({}, 200), ({"plan": {"legacy_id": "pro"}}, 3500)],
)
def test_the_size_of_a_batch_follows_the_plan_of_the_zone(plan: Json, most: int) -> None:
    zone = Owner("a1", "z1", {"id": "z1", "name": "example.com", **plan})
    record = {"type": "A", "name": "x.example.com", "content": "192.0.2.1"}

    sizes = [
        [len(batch) for batch in batches(Change(RECORDS, zone, None, record) for _ in range(count))]
        for count in (most - 1, most, most + 1)
    ]

    assert sizes == [[most - 1], [most], [most, 1]]


@pytest.mark.fault("G8")
@pytest.mark.parametrize("fault", ["drop-after POST *batch", "error-after POST *batch"])
def test_a_batch_with_a_lost_response_is_recognized_as_done(inv: Inv, zone: Zone, fault: str) -> None:
    file = edited(inv, swap_www)
    zone.sandbox.faults.parse(fault)

    result = inv("dns.apply", *AT, "--file", str(file), "--yes")

    assert result.code == 0, result.err
    assert zone.one(name="www.example.com")["content"] == "192.0.2.9"
    assert len(zone.writes) == 1


@pytest.mark.fault("G1")
def test_many_records_with_a_lost_response_are_looked_up_in_one_listing(inv: Inv, zone: Zone) -> None:
    Path("many.yaml").write_text(
        "".join(f"- {{name: n{n}, type: A, content: 10.0.0.{n}}}\n" for n in range(60))
    )
    zone.sandbox.faults.add(Fault("drop-after", "POST", "*batch"))
    zone.sandbox.requests.clear()

    made = inv("dns.apply", *AT, "--file", "many.yaml", "--keep", "--yes")
    asked = len(zone.sandbox.requests)
    undone = inv("undo.last", "--yes")

    assert (made.code, undone.code) == (0, 0), (made.err, undone.err)
    assert asked < 20
    assert zone.records(name="n7.example.com") == []


@pytest.mark.fault("G1")
def test_a_create_with_a_lost_response_is_adopted_and_can_be_undone(inv: Inv, zone: Zone) -> None:
    before = zone.state()
    zone.sandbox.faults.add(Fault("drop-after", "POST", "*/dns_records"))

    made = inv("dns.create", *AT, "--name", "new", "--type", "CAA", "--content", '0 issue "x.example"')
    count = len(zone.records(name="new.example.com"))
    undone = undo(inv, made)

    assert (made.code, count, undone.code) == (0, 1, 0), made.err
    assert zone.state() == before


@pytest.mark.fault("A8")
@pytest.mark.parametrize("line", [
    ("dns.update", "--name", "vpn", "--type", "A", "--ttl", "300"),
    ("dns.delete", "--name", "vpn", "--type", "A", "--yes"),
    ("dns.create", "--name", "new", "--type", "A", "--content", "192.0.2.1"),
])  # fmt: skip
def test_a_write_that_timed_out_at_the_edge_is_done_once(inv: Inv, zone: Zone, line: tuple[str, ...]) -> None:
    before = zone.state()
    for method in ("POST", "PATCH", "DELETE"):
        zone.sandbox.faults.add(Fault("error-after", method, "*/dns_records*", status=524))

    made = inv(*line, *AT)
    undone = undo(inv, made)

    assert (made.code, undone.code) == (0, 0), (made.err, undone.err)
    assert zone.state() == before


@pytest.mark.fault("B9")
def test_a_zone_that_cannot_be_read_completely_is_not_planned(inv: Inv, zone: Zone) -> None:
    file = exported(inv, "x.json", "--format", "json")
    zone.sandbox.faults.parse("total-lies GET */dns_records* times=-1 total=99")

    result = inv("dns.apply", *AT, "--file", str(file), "--yes")

    assert result.code == 4
    assert zone.writes == []


def test_an_import_adds_missing_records_once_and_can_be_undone(inv: Inv, zone: Zone) -> None:
    before = zone.state()
    Path("x.zone").write_text(
        "$TTL 300\nnew A 192.0.2.1\nnew A 192.0.2.2\nvpn A 192.0.2.40\n@ NS ns.example.\n"
    )

    made = inv("dns.import", *AT, "--file", "x.zone")
    count = len(zone.records())
    again = inv("dns.import", *AT, "--file", "x.zone", "--output", "json")
    undone = undo(inv, made)

    assert (made.code, again.code, undone.code) == (0, 0, 0)
    assert (count, rows(again)) == (42, [])
    counts = "2 to create, 1 with other settings, 39 only in the zone, kept"
    assert f"\n3 records of x.zone, 40 of the zone: {counts}\n" in made.err
    assert zone.one(name="vpn.example.com", type="A")["ttl"] == 60
    assert zone.state() == before


@pytest.mark.parametrize(
    "text",
    [
        "bad A 192.0.2\n",
        "$INCLUDE x\n",
        "www A 192.0.2.1\n",
        "x.example.org. A 192.0.2.1\n",
        f"x A 192.0.2.1 ; {'c' * 501}\n",
    ],
)
def test_an_import_with_an_error_sends_nothing(inv: Inv, zone: Zone, text: str) -> None:
    Path("x.zone").write_text("fine A 192.0.2.1\n" + text)

    result = inv("dns.import", *AT, "--file", "x.zone")

    assert result.code == 1
    assert "hint: " in result.err
    assert zone.writes == []


def test_a_bind_export_names_what_it_cannot_hold(inv: Inv, zone: Zone) -> None:
    zone.ask("PATCH", f"/dns_records/{zone.one(name='vpn.example.com', type='A')['id']}",
             {"settings": {"ipv4_only": True}})  # fmt: skip

    bind, whole = (inv("dns.export", *AT, "--format", format) for format in ("bind", "json"))

    assert (bind.code, whole.code) == (0, 0)
    assert "vpn.example.com" in bind.err
    assert whole.err == ""
    assert sorted(json.loads(whole.out)["records"], key=str) == sorted(zone.records(), key=str)


@pytest.mark.parametrize("line", [
    ("dns.apply",), ("dns.apply", "--file", "x.zone", "--plan", "x"), ("dns.apply", "--file", "gone.zone"),
    ("dns.apply", "--plan", "gone.plan"), ("dns.apply", "--plan", "x.plan", "--keep"),
    ("dns.import", "--file", "gone.zone"), ("dns.plan", "--file", "gone.zone"),
    ("dns.export", "--format", "xml"),
])  # fmt: skip
def test_wrong_options_are_refused_with_a_hint(inv: Inv, zone: Zone, line: tuple[str, ...]) -> None:
    result = inv(*line, *AT)

    assert result.code == 1
    assert "hint: " in result.err


@pytest.mark.fault("G7")
def test_a_dry_apply_shows_the_plan_and_sends_nothing(inv: Inv, zone: Zone) -> None:
    file = edited(inv, swap_www)

    result = inv("dns.apply", *AT, "--file", str(file), "--dry-run")

    assert result.code == 0
    assert "create A record www.example.com" in result.err
    assert zone.writes == []
