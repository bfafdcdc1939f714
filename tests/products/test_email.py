"""Routing rules of email, which one request lists for all zones."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.email import api
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope, page

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
