"""Routing rules of email, which one request lists for all zones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from ops.errors import Incomplete, PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.email import api
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope, page, refusal

ACCOUNT, ZONE = "a" * 32, "b" * 32
OWNER = Owner(ACCOUNT, ACCOUNT, {})
RULE = {
    "name": "Sales",
    "matchers": [{"type": "literal", "field": "to", "value": "sales@a.example"}],
    "actions": [{"type": "forward", "value": ["admin@a.example"]}],
    "zone": {"name": "a.example", "tag": ZONE},
}


def test_a_rule_is_found_by_its_matchers_in_its_zone(client: Client, http: responses.RequestsMock) -> None:
    other = {**RULE, "id": "1", "zone": {"name": "b.example", "tag": "c" * 32}}
    url = f"{API}/accounts/{ACCOUNT}/email/routing/rules"
    http.get(url, json=page([other, {**RULE, "id": "2"}], 1, 50))

    found = api.find_rule(client, OWNER, RULE)

    assert found
    assert found["id"] == "2"


def test_a_rule_is_created_in_its_zone(client: Client, http: responses.RequestsMock) -> None:
    http.post(f"{API}/zones/{ZONE}/email/routing/rules", json=envelope({"id": "3"}))

    made = api.create_rule(client, OWNER, RULE)

    assert made == {"id": "3", "zone": RULE["zone"]}
    assert json.loads(http.calls[0].request.body or "") == {
        name: RULE[name] for name in ("actions", "matchers", "name")
    }


def test_the_rules_of_all_zones_cost_one_request(staged: Sandbox, inv: Callable[..., Result]) -> None:
    result = inv("items.list", "email.rule", "--output", "json")

    assert [rule["name"] for rule in json.loads(result.out)] == ["Sales"]
    assert [path for _, path in staged.requests if "/email/" in path] == [
        f"/accounts/{staged.account_id}/email/routing/rules?page=1&per_page=50"
    ]


ALL = "GET */accounts/*/email/routing/rules*"


def asked(sandbox: Sandbox, *words: str) -> list[str]:
    paths = [path for _, path in sandbox.requests]
    return [path for path in paths if all(word in path for word in ("/email/routing/rules", *words))]


@pytest.mark.parametrize(
    "fault", [f"gone {ALL} code=7003", f"gone {ALL} status=403", f"gone {ALL} status=400"]
)
def test_without_the_list_of_all_zones_each_zone_is_asked(
    staged: Sandbox, inv: Callable[..., Result], fault: str
) -> None:
    known = json.loads(inv("email.rules", "--output", "json").out)
    staged.faults.parse(f"{fault} times=-1")
    staged.requests.clear()

    result = inv("email.rules", "--output", "json")

    assert result.code == 0, result.err
    assert json.loads(result.out) == known
    assert "reading the rules of each zone, 500 at most, because " in result.err
    zones = sum(zone["type"] != "internal" for zone in staged.store.list_documents("zone", ""))
    assert (len(asked(staged, "/accounts/")), len(asked(staged, "/zones/"))) == (1, zones)


def test_a_snapshot_without_the_list_of_all_zones_has_the_same_rules(
    staged: Sandbox, inv: Callable[..., Result]
) -> None:
    staged.faults.parse(f"gone {ALL} code=7003 times=-1")

    exported = inv("scan.export", "--only", "email.rule", "--output", "json")

    assert exported.code == 0, exported.err
    file = Path(json.loads(exported.out)["snapshot"]) / "email.rule.jsonl"
    assert [json.loads(line)["item"]["zone"]["name"] for line in file.open()] == ["shop.example"]


def test_a_rule_is_changed_and_undone_without_the_list_of_all_zones(
    staged: Sandbox, inv: Callable[..., Result]
) -> None:
    staged.faults.parse(f"gone {ALL} code=7003 times=-1")

    deleted = inv("email.rule-delete", "--rule", "Sales", "--yes")
    staged.requests.clear()
    undone = inv("undo.last", "--yes")
    zones = {path.split("/")[2] for path in asked(staged, "/zones/")}

    assert (deleted.code, undone.code) == (0, 0), deleted.err + undone.err
    assert [rule["name"] for rule in json.loads(inv("email.rules", "--output", "json").out)] == ["Sales"]
    # To find a rule again, only its zone is asked.
    assert zones == {zone_id("shop.example")}


def test_a_token_that_may_read_no_zone_is_refused_after_a_few(
    staged: Sandbox, inv: Callable[..., Result]
) -> None:
    staged.faults.parse("denied GET */email/routing/rules* times=-1")

    result = inv("email.rules")

    assert result.code == 1
    assert "the token lacks a permission" in result.err
    assert len(asked(staged)) == 1 + api.FEW


def test_an_account_with_few_zones_is_refused_too(client: Client, http: responses.RequestsMock) -> None:
    zones = [{"id": ZONE, "name": "a.example"}]
    denied = refusal(10000, "Authentication error")
    http.get(f"{API}/accounts/{ACCOUNT}/email/routing/rules", json=denied, status=403)
    http.get(f"{API}/zones", json=page(zones, 1, 50))
    http.get(f"{API}/zones/{ZONE}/email/routing/rules", json=denied, status=403)

    with pytest.raises(PermissionDenied):
        list(api.list_rules(client, ACCOUNT))


def test_a_zone_that_cannot_be_read_is_a_gap_and_one_without_routing_has_no_rules(
    staged: Sandbox, inv: Callable[..., Result]
) -> None:
    org, com = zone_id("example.org"), zone_id("example.com")
    for fault in (
        f"gone {ALL} code=7003",
        f"gone GET */{org}/email/* status=403",
        f"gone GET */{com}/email/* code=2020",
    ):
        staged.faults.parse(f"{fault} times=-1")

    result = inv("email.rules", "--output", "json")

    assert result.code == 4
    assert [rule["name"] for rule in json.loads(result.out)] == ["Sales"]
    assert "the rules of 1 of" in result.err


def test_no_more_zones_are_asked_than_the_bound(
    staged: Sandbox, inv: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST", 2)
    staged.faults.parse(f"gone {ALL} code=7003 times=-1")

    result = inv("email.rules")

    assert result.code == 4
    assert "only the rules of the first 2 zones were read" in result.err
    assert len(asked(staged, "/zones/")) == 2


def test_a_rule_that_may_be_in_what_was_not_read_is_not_taken_for_absent(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/accounts/{ACCOUNT}/email/routing/rules", json=refusal(7003, "no route"), status=404)
    http.get(
        f"{API}/zones/{ZONE}/email/routing/rules",
        json={**page([{"id": "1", "matchers": []}], 1, 50), "result_info": {"page": 1, "total_count": 9}},
    )

    with pytest.raises(Incomplete):
        api.find_rule(client, OWNER, RULE)


@pytest.mark.parametrize("target", ["route1.mx.cloudflare.net", "mx1.mail.example"])
def test_the_settings_of_a_zone_are_read_only_where_its_mail_is_routed(
    staged: Sandbox, inv: Callable[..., Result], target: str
) -> None:
    line = ("--zone", "shop.example", "--type", "MX", "--name", "@", "--content", target, "--priority", "10")
    assert inv("dns.create", *line).code == 0

    assert inv("scan.export", "--only", "email,dns.record", "--quiet").code == 0

    shown = json.loads(inv("snapshots.show", "--output", "json").out)
    found = {(row["kind"], row["scope"]): (row["status"], row["note"]) for row in shown}
    reason = "not asked: the zone has no MX record of Email Routing"
    expected = ("complete", "") if "cloudflare" in target else ("skipped", reason)
    for kind in ("email.settings", "email.catch_all"):
        assert found[kind, zone_id("shop.example")] == expected
        assert found[kind, zone_id("mail.example")] == ("skipped", reason)
