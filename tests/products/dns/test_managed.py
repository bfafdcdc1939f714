"""Records that Cloudflare manages: no task changes, doubles, creates or deletes one, and all name them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.products.dns.conftest import Zone
from tests.products.dns.test_records import AT, rows

Inv = Callable[..., Result]
# The AAAA record of a Worker's custom domain.
NAME = ("--name", "gateway", "--type", "AAAA")


@pytest.mark.parametrize(
    "line",
    [
        ("dns.update", *NAME, "--comment", "x"),
        ("dns.put", *NAME, "--content", "2001:db8::1"),
        ("dns.delete", *NAME, "--yes"),
        ("dns.create", *NAME, "--content", "2001:db8::1"),
        ("dns.create", "--name", "gateway", "--type", "A", "--content", "192.0.2.1"),
        ("dns.create", "--name", "gateway", "--type", "CNAME", "--content", "a.example"),
    ],
)
def test_a_task_for_one_record_refuses_it(inv: Inv, zone: Zone, line: tuple[str, ...]) -> None:
    result = inv(*line, *AT)

    assert result.code == 1
    assert "Cloudflare manages the AAAA record gateway.example.com" in result.err
    assert "hint: " in result.err
    assert zone.writes == []


@pytest.mark.parametrize(
    "text",
    [
        "- {name: gateway, type: AAAA, content: '100::', comment: mine}\n",
        "- {name: gateway, type: AAAA, content: '2001:db8::5'}\n",
        "- {name: rooms, type: A, content: 192.0.2.5}\n",
        "- {name: elsewhere, type: AAAA, content: '100::', meta: {read_only: true}}\n",
    ],
)
@pytest.mark.parametrize("keep", [("--keep",), ()])
def test_a_file_leaves_it_alone_with_a_note(inv: Inv, zone: Zone, text: str, keep: tuple[str, ...]) -> None:
    Path("x.yaml").write_text(text)

    result = inv("dns.plan", *AT, "--file", "x.yaml", "--output", "json", *keep)

    assert result.code == 0, result.err
    assert "left alone, because Cloudflare manages it: " in result.err
    touched = {(row["name"], row["type"]) for row in rows(result)}
    assert not touched & {(f"{name}.example.com", "AAAA") for name in ("gateway", "rooms", "elsewhere")}
    assert ("rooms.example.com", "A") not in touched


def test_an_import_leaves_it_alone_with_a_note(inv: Inv, zone: Zone) -> None:
    Path("x.zone").write_text("gateway 300 AAAA 2001:db8::1\n")

    result = inv("dns.import", *AT, "--file", "x.zone")

    assert result.code == 0
    assert "left alone, because Cloudflare manages it: gateway.example.com (line 1" in result.err
    assert zone.writes == []


def test_its_export_is_not_created_in_another_zone(
    inv: Inv, zone: Zone, other: Callable[[str], Zone]
) -> None:
    document = json.loads(inv("dns.export", *AT, "--format", "json").out)
    moved = [r | {"name": r["name"].replace("example.com", "shop.example")} for r in document["records"]]
    Path("moved.json").write_text(json.dumps([record for record in moved if record["meta"]]))

    result = inv("dns.apply", "--zone", "shop.example", "--file", "moved.json", "--keep", "--yes")

    assert result.code == 0, result.err
    assert "AAAA gateway.shop.example (line 1, record 1), not created" in result.err
    assert other("shop.example").records(name="gateway.shop.example") == []


def test_an_edited_plan_file_cannot_change_it(inv: Inv, zone: Zone) -> None:
    Path("x.yaml").write_text("- {name: new, type: A, content: 192.0.2.5}\n")
    inv("dns.plan", *AT, "--file", "x.yaml", "--keep", "--save", "x.plan")
    plan = json.loads(Path("x.plan").read_text())
    plan["changes"].append({"before": zone.one(name="gateway.example.com"), "after": None})
    Path("x.plan").write_text(json.dumps(plan))

    result = inv("dns.apply", *AT, "--plan", "x.plan", "--yes")

    assert result.code == 1
    assert "Cloudflare manages the AAAA record gateway.example.com" in result.err
    assert zone.writes == []
