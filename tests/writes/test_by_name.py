"""Items that a task names: found by name or id, refused in words, and simulated by a dry run."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from ops.sandbox.wire import Request
from tests.conftest import Result

Inv = Callable[..., Result]


def test_an_item_is_named_by_its_id_too(staged: Sandbox, inv: Inv) -> None:
    (pool, *_) = json.loads(inv("load-balancers.pools", "--output", "json").out)

    result = inv("load-balancers.pool-update", "--pool", pool["id"], "--enabled", "no", "--yes")

    assert result.code == 0, result.err
    found = {one["id"]: one for one in json.loads(inv("load-balancers.pools", "--output", "json").out)}
    assert found[pool["id"]]["enabled"] is False


def test_an_origin_that_stays_keeps_what_is_not_named(staged: Sandbox, inv: Inv) -> None:
    (before, *_) = json.loads(inv("load-balancers.pools", "--output", "json").out)
    origin = before["origins"][0]

    inv("load-balancers.pool-update", "--pool", before["name"], "--origin", f"{origin['name']}=192.0.2.99")

    (after, *_) = json.loads(inv("load-balancers.pools", "--output", "json").out)
    assert after["origins"] == [{**origin, "address": "192.0.2.99"}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("queues.consumer-remove --queue emials --script x", "did you mean emails?"),
        ("queues.consumer-remove --queue emails --script nobody", "no queues.consumer is called 'nobody'"),
        ("tunnels.delete --tunnel nowhere", "no tunnels.tunnel is called 'nowhere'"),
        ("email.rule-update --rule Sales", "name what to change"),
        ("load-balancers.pool-update --pool pool-west --enabled maybe", "--enabled yes or --enabled no"),
        ("load-balancers.pool-create --pool north --origin web", "is not NAME=ADDRESS"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_write(
    staged: Sandbox, inv: Inv, line: str, words: str
) -> None:
    result = inv(*line.split(), "--yes")

    assert result.code == 1
    assert words in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []


def test_a_name_that_two_items_have_lists_their_ids(staged: Sandbox, inv: Inv) -> None:
    kind, ids = "/accounts/{account_id}/cfd_tunnel", ["1" * 32, "2" * 32]
    for id in ids:
        staged.store.put_document(kind, ACCOUNT_ID, id, {"id": id, "name": "twice"}, sort="twice")

    result = inv("tunnels.delete", "--tunnel", "twice", "--yes")

    assert result.code == 1
    assert all(id in result.err for id in ids)


def test_a_dry_run_of_a_line_counts_what_its_earlier_tasks_would_make(staged: Sandbox, inv: Inv) -> None:
    result = inv(
        *("--dry", "pages.create", "--project", "handbook"),
        *("pages.domain-add", "--project", "handbook", "--domain", "handbook.example.com"),
        *("tunnels.create", "--tunnel", "warehouse"),
        *("tunnels.route-add", "--network", "10.9.0.0/16", "--tunnel", "warehouse"),
    )

    assert result.code == 0, result.err
    assert "create pages.domain handbook.example.com" in result.err
    assert "create tunnels.route 10.9.0.0/16" in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []


@pytest.mark.parametrize("fault", ["5xx", "malformed", "denied", "gone"])
def test_a_list_that_cannot_be_read_is_never_taken_for_an_absent_item(
    staged: Sandbox, inv: Inv, fault: str
) -> None:
    staged.faults.add(Fault(fault, "GET", times=-1))

    result = inv("tunnels.delete", "--tunnel", "office", "--yes")

    assert result.code in (1, 2)
    assert "is called" not in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []


def test_an_item_that_was_deleted_since_it_was_listed_no_longer_exists(staged: Sandbox, inv: Inv) -> None:
    kind = "/accounts/{account_id}/cfd_tunnel"
    staged.store.put_document(kind, ACCOUNT_ID, "1" * 32, {"id": "1" * 32, "name": "brief"}, sort="brief")

    def vanish(exchange: Request) -> None:
        if "/cfd_tunnel" in exchange.target:
            staged.store.delete_document(kind, ACCOUNT_ID, "1" * 32)

    staged.edge.observer = vanish
    result = inv("tunnels.delete", "--tunnel", "brief", "--yes")

    assert result.code == 1
    assert "tunnels.tunnel 'brief' no longer exists" in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []
