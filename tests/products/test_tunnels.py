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
