"""Tunnels: deleted ones are left out, and records follow a tunnel that is created again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ops.sandbox.routes.collections import A
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
TUNNELS = A + "/cfd_tunnel"


def test_deleted_tunnels_are_not_listed(staged: Sandbox, inv: Inv) -> None:
    (tunnel,) = staged.store.list_documents(TUNNELS, staged.account_id)
    gone = {
        **tunnel,
        "id": "00000000-0000-4000-8000-000000000000",
        "name": "gone",
        "deleted_at": "2025-01-01",
    }
    staged.store.put_document(TUNNELS, staged.account_id, gone["id"], gone)

    result = inv("tunnels.list", "--output", "json")

    assert [one["name"] for one in json.loads(result.out)] == ["office"]


def test_a_configuration_is_asked_only_of_tunnels_that_cloudflare_configures(
    staged: Sandbox, inv: Inv
) -> None:
    (tunnel,) = staged.store.list_documents(TUNNELS, staged.account_id)
    staged.store.put_document(TUNNELS, staged.account_id, tunnel["id"], {**tunnel, "config_src": "local"})

    result = inv("scan", "--deep", "--only", "tunnels.config", "--output", "json")

    rows = {row["kind"]: row for row in json.loads(result.out)}
    assert (rows["tunnels.config"]["status"], result.code) == ("skipped", 0)
    assert "not asked: configured where it runs" in rows["tunnels.config"]["note"]
    assert not [path for _, path in staged.requests if path.endswith("/configurations")]


def test_a_record_follows_its_tunnel_to_the_new_id(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    (tunnel,) = staged.store.list_documents(TUNNELS, staged.account_id)
    target = f"{tunnel['id']}.cfargotunnel.com"
    line = ("--zone", "example.com", "--type", "CNAME", "--name", "tunnel", "--content", target)
    assert inv("dns.create", *line).code == 0
    assert inv("scan.export", "--quiet").code == 0
    staged.store.run("DELETE FROM document WHERE kind = ?", (TUNNELS,))
    record = ("--zone", "example.com", "--name", "tunnel.example.com", "--type", "CNAME")
    assert inv("dns.delete", *record, "--yes").code == 0

    result = inv("snapshots.restore", "--kind", "tunnels", "--kind", "dns", "--yes", "--force")

    (made,) = staged.store.list_documents(TUNNELS, staged.account_id)
    found = inv("dns.list", "example.com", "--name", "tunnel.example.com", "--output", "json")
    assert result.code == 0, result.err
    assert made["id"] != tunnel["id"]
    assert [one["content"] for one in json.loads(found.out)] == [f"{made['id']}.cfargotunnel.com"]


def test_a_virtual_network_that_routes_use_is_kept_and_they_are_named(staged: Sandbox, inv: Inv) -> None:
    line = ("tunnels.route-add", "--network", "10.9.0.0/16", "--tunnel", "office")
    assert inv(*line, "--virtual-network", "branch").code == 0

    refused = inv("tunnels.network-delete", "--virtual-network", "branch", "--yes")
    for network in ("10.0.0.0/16", "10.9.0.0/16"):
        assert inv("tunnels.route-remove", "--network", network, "--yes").code == 0
    deleted = inv("tunnels.network-delete", "--virtual-network", "branch", "--yes")

    assert refused.code != 0
    assert "the virtual network branch is used by the routes 10.0.0.0/16, 10.9.0.0/16" in refused.err
    assert "`inv tunnels.route-remove NETWORK`" in refused.err
    assert deleted.code == 0, deleted.err
    assert json.loads(inv("tunnels.networks", "--output", "json").out or "[]") == []


@pytest.mark.parametrize("routes", ["denied GET */teamnet/routes*", "empty-page GET */teamnet/routes*"])
def test_a_refusal_without_known_routes_is_shown_as_it_came(staged: Sandbox, inv: Inv, routes: str) -> None:
    staged.faults.parse(f"{routes} times=-1")

    refused = inv("tunnels.network-delete", "--virtual-network", "branch", "--yes")

    assert refused.code != 0
    assert "The item is in use" in refused.err


@pytest.mark.parametrize("fault", ["gone DELETE * status=404", "gone DELETE * status=422"])
def test_another_refusal_of_a_virtual_network_is_shown_as_it_came(
    staged: Sandbox, inv: Inv, fault: str
) -> None:
    staged.faults.parse(f"{fault} times=-1")

    refused = inv("tunnels.network-delete", "--virtual-network", "branch", "--yes")

    assert refused.code != 0
    assert "used by the routes" not in refused.err


def test_what_a_deletion_affects_is_said_before_it(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--only", "tunnels", "--quiet").code == 0

    network = inv("tunnels.network-delete", "--virtual-network", "branch", "--dry-run")
    tunnel = inv("tunnels.delete", "--tunnel", "office", "--dry-run")

    assert "used by tunnels.route 10.0.0.0/16" in network.err
    assert "used by tunnels.route 10.0.0.0/16" in tunnel.err
