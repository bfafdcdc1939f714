"""Lists that are not sent whole: a reader says so, and a writer takes no missing item for absent."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from ops.http.client import Client
from ops.products.zones.parts import who_uses
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID, zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope

Inv = Callable[..., Result]


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [
        ("*/cfd_tunnel*", "items.list tunnels.tunnel", f"tunnels.tunnel in {ACCOUNT_ID}: the API reports 99"),
        ("*/durable_objects/namespaces*", "do.stats", "namespaces: the API reports 99 items"),
        (
            "*/audit_logs*",
            "audit --since 2026-01-01 --before 2026-12-31",
            "audit log: the API reports 99 items",
        ),
    ],
)
def test_a_reader_shows_what_it_has_and_ends_with_4(
    staged: Sandbox, inv: Inv, path: str, line: str, words: str
) -> None:
    staged.faults.add(Fault("gone", "GET", "*/logs/audit*", times=-1))
    staged.faults.add(Fault("total-lies", "GET", path, times=-1, total=99))

    result = inv(*line.split(), "--output", "json")

    assert result.code == 4, result.err
    assert words in result.err
    assert json.loads(result.out)


@pytest.mark.parametrize(
    "line",
    [
        "tunnels.delete --tunnel nobody",
        "tunnels.route-add --network 10.9.0.0/16 --tunnel office",
        "tunnels.create --tunnel warehouse",
    ],
)
def test_a_writer_does_not_take_a_missing_item_for_absent(staged: Sandbox, inv: Inv, line: str) -> None:
    for path in ("*/cfd_tunnel?*", "*/teamnet/routes*"):
        staged.faults.add(Fault("total-lies", "GET", path, times=-1, total=99))

    result = inv(*line.split(), "--yes")

    assert result.code == 4, result.err
    assert "could not be listed completely: the API reports 99 items" in result.err
    assert [method for method, _ in staged.requests if method != "GET"] == []


def test_what_uses_a_namespace_is_unknown_if_the_scripts_are_not_all_listed(
    client: Client, http: responses.RequestsMock
) -> None:
    scripts = envelope([{"id": "chat"}], page=1, per_page=20, count=1, total_count=9)
    http.get(f"{API}/accounts/{ACCOUNT_ID}/workers/scripts", json=scripts)
    notes: list[str] = []

    def pool(*_: object) -> list[object]:
        raise AssertionError("no script was to be read")

    users = who_uses(client, ACCOUNT_ID, "do.namespace", "workers.settings", pool, notes.append)

    assert users("1" * 32) == "unknown"
    assert notes == ["bindings: unknown: the API sent 1 of 9 items, without a next page"]


def test_a_count_from_a_section_that_is_incomplete_says_so(staged: Sandbox, inv: Inv) -> None:
    zone = zone_id("example.com")
    staged.faults.add(Fault("total-lies", "GET", f"/zones/{zone}/dns_records*", times=-1, total=99))
    made = inv("scan.export", "--only", "zones,dns", "--quiet", "--output", "json")
    assert made.code == 4

    result = inv("zones.info", "--zone", "example.com", "--at", json.loads(made.out)["snapshot"])

    assert result.code == 4
    assert "99" in result.err
