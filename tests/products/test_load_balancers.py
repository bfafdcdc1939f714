"""Load balancers of a zone; pools and monitors of an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.load_balancers.resources import RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope, refusal
from tests.products.writing import written

Inv = Callable[..., Result]
SHOP = ("--zone", "shop.example", "--balancer")

ACCOUNT, ZONE = "a" * 32, "1" * 32
URL = f"{API}/zones/{ZONE}/load_balancers"
OWNER = Owner(ACCOUNT, ZONE, {})


def test_each_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    balancers, pools, monitors, _groups = RESOURCES
    account = Owner(ACCOUNT, ACCOUNT, {})
    http.get(URL, json=envelope([{"id": "b"}]))
    http.get(f"{API}/accounts/{ACCOUNT}/load_balancers/pools", json=envelope([{"id": "p"}]))
    http.get(f"{API}/accounts/{ACCOUNT}/load_balancers/monitors", json=envelope([{"id": "m"}]))

    assert list(pools.list(client, account)) == [{"id": "p"}]
    assert list(monitors.list(client, account)) == [{"id": "m"}]
    assert list(balancers.list(client, OWNER)) == [{"id": "b"}]


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Load Balancers" in error.value.hint


def listed(inv: Inv, task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(inv(f"load-balancers.{task}", "--output", "json").out)
    return found


def test_a_load_balancer_names_its_pools_by_their_ids(staged: Sandbox, inv: Inv) -> None:
    pools = {pool["name"]: pool["id"] for pool in listed(inv, "pools")}

    made = inv(
        *("load-balancers.create", *SHOP, "api.shop.example", "--pool", "pool-east", "--pool", "pool-west"),
        *("--steering", "random", "--proxied", "no"),
    )

    assert made.code == 0, made.err
    (found,) = (one for one in listed(inv, "list") if one["name"] == "api.shop.example")
    assert found["default_pools"] == [pools["pool-east"], pools["pool-west"]]
    assert (found["fallback_pool"], found["proxied"]) == (pools["pool-west"], False)
    assert (found["steering_policy"], found["enabled"]) == ("random", True)


def test_a_changed_load_balancer_keeps_what_is_not_named(staged: Sandbox, inv: Inv) -> None:
    (before,) = listed(inv, "list")

    line = ("--fallback", "pool-west", "--enabled", "no", "--proxied", "no")
    changed = inv("load-balancers.update", *SHOP, "www.shop.example", *line)

    assert changed.code == 0, changed.err
    (after,) = listed(inv, "list")
    different = {name for name in before if before[name] != after[name]}
    assert different == {"fallback_pool", "enabled", "proxied", "modified_on"}


def test_a_monitor_is_created_for_the_web_and_for_other_services(staged: Sandbox, inv: Inv) -> None:
    web = inv("load-balancers.monitor-create", "--monitor", "shop", "--path", "/up", "--codes", "2xx")
    mail = inv("load-balancers.monitor-create", "--monitor", "mail", "--type", "tcp", "--port", "25")

    assert (web.code, mail.code) == (0, 0), web.err + mail.err
    found = {one["description"]: one for one in listed(inv, "monitors")}
    assert {**found["shop"], "method": "GET", "path": "/up", "expected_codes": "2xx"} == found["shop"]
    assert {**found["mail"], "type": "tcp", "port": 25, "interval": 60} == found["mail"]
    assert "path" not in found["mail"]


def test_a_changed_monitor_keeps_its_headers(staged: Sandbox, inv: Inv) -> None:
    (row,) = staged.store.list_documents("lb.monitor", staged.account_id)
    headers = {"Host": ["shop.example"], "X-Key": ["open sesame"]}
    staged.store.put_document("lb.monitor", staged.account_id, row["id"], {**row, "header": headers})

    changed = inv(
        "load-balancers.monitor-update", "--monitor", "health check", "--path", "/up", "--port", "8443"
    )

    assert changed.code == 0, changed.err
    assert "sesame" not in changed.out + changed.err
    (after,) = staged.store.list_documents("lb.monitor", staged.account_id)
    assert (after["header"], after["path"], after["port"]) == (headers, "/up", 8443)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("update --zone shop.example --balancer www.shop.example", "name what to change"),
        ("update --zone shop.example --balancer www.shop.example --enabled maybe", "--enabled is yes or no"),
        ("create --zone shop.example --balancer a.shop.example --pool pool-nort", "no load_balancers.pool"),
        ("delete --zone shop.example --balancer ww.shop.example", "did you mean www.shop.example?"),
        ("monitor-update --monitor health", "name what to change"),
        ("monitor-delete --monitor nobody", "no load_balancers.monitor is called 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_write(
    staged: Sandbox, inv: Inv, line: str, words: str
) -> None:
    result = inv(*f"load-balancers.{line}".split(), "--yes")

    assert result.code == 1
    assert words in result.err
    assert written(staged) == []


def test_what_a_deletion_affects_is_said_before_it(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--only", "load_balancers", "--deep", "--quiet").code == 0

    pool = inv("load-balancers.pool-delete", "--pool", "pool-west", "--dry-run")
    monitor = inv("load-balancers.monitor-delete", "--monitor", "health check", "--dry-run")

    assert "used by load_balancers.balancer www.shop.example" in pool.err
    assert "used by load_balancers.pool pool-" in monitor.err
