"""What a zone or the account has once, changed since the snapshot, set back by a restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID, zone_id
from tests.conftest import Result
from tests.sandbox.conftest import Api

Inv = Callable[..., Result]
Z, OTHER = f"/zones/{zone_id('example.com')}", f"/zones/{zone_id('example.org')}"
FALLBACK = "/custom_hostnames/fallback_origin"
CATCH_ALL = "/email/routing/rules/catch_all"
DROP = {"matchers": [{"type": "all"}], "actions": [{"type": "drop"}], "enabled": True}
PATHS = (
    f"{Z}/hold", f"{OTHER}/hold", f"{Z}{CATCH_ALL}", f"{Z}{FALLBACK}", f"{OTHER}{FALLBACK}", f"{Z}/dnssec",
    f"{Z}/managed_headers", f"/accounts/{ACCOUNT_ID}",
)  # fmt: skip
KINDS = (
    "zones.hold", "email.catch_all", "ssl.fallback_origin", "zones.dnssec", "transforms.managed",
    "accounts.account",
)  # fmt: skip
KEPT = (
    "hold", "include_subdomains", "enabled", "actions", "origin", "status", "managed_request_headers", "name",
)  # fmt: skip


@pytest.fixture
def api(staged: Sandbox) -> Iterator[Api]:
    staged.limiter.quota = None
    caller = Api(staged)
    yield caller
    caller.session.close()
    assert staged.crashes == []


def state(api: Api) -> dict[str, Any]:
    found = {path: api("GET", path).json()["result"] or {} for path in PATHS}
    return {path: {name: item[name] for name in KEPT if name in item} for path, item in found.items()}


def test_what_exists_once_is_set_back_to_what_it_was(
    api: Api, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    # What is asked only where these exist.
    mail = {"type": "MX", "name": "example.com", "content": "route1.mx.cloudflare.net", "priority": 5}
    api.result("POST", f"{Z}/dns_records", json={**mail, "ttl": 1})
    for zone in (Z, OTHER):
        host = {"hostname": f"made.{zone[-4:]}.example", "ssl": {"method": "http", "type": "dv"}}
        api.result("POST", f"{zone}/custom_hostnames", json=host)
    api.result("POST", f"{Z}/hold?include_subdomains=true")
    api.result("PUT", f"{Z}{FALLBACK}", json={"origin": "www.example.com"})
    api.result("PATCH", f"{Z}/dnssec", json={"status": "active"})
    only = [word for kind in KINDS for word in ("--kind", kind)]
    assert inv("scan.export", "--deep", "--quiet", "--kv", "none").code == 0
    before = state(api)

    api.result("DELETE", f"{Z}/hold")
    api.result("POST", f"{OTHER}/hold")
    api.result("PUT", f"{Z}{CATCH_ALL}", json=DROP)
    api.result("DELETE", f"{Z}{FALLBACK}")
    api.result("PUT", f"{OTHER}{FALLBACK}", json={"origin": "www.example.org"})
    api.result("PATCH", f"{Z}/dnssec", json={"status": "disabled"})
    headers = [{"id": "add_true_client_ip_headers", "enabled": True}]
    api.result("PATCH", f"{Z}/managed_headers", json={"managed_request_headers": headers})
    api.result("PUT", f"/accounts/{ACCOUNT_ID}", json={"name": "Renamed"})
    changed = state(api)
    result = inv("snapshots.restore", *only, "--delete", "--yes", "--force")

    assert result.code == 0, result.err
    assert [path for path in PATHS if changed[path] == before[path]] == []
    assert state(api) == before
    assert "DNSSEC waits until the registrar has the new DS record" in result.err


def test_a_field_that_cannot_be_changed_is_named_and_the_item_is_skipped(api: Api, inv: Inv) -> None:
    assert inv("scan.export", "--only", "gateway", "--deep", "--quiet").code == 0
    store = api.sandbox.store
    row = store.one("SELECT id, body FROM document WHERE kind LIKE '%/gateway/lists' LIMIT 1")
    assert row is not None
    store.run("UPDATE document SET body = json_set(body, '$.type', 'OTHER') WHERE id = ?", (row[0],))
    api.sandbox.requests.clear()

    result = inv("snapshots.restore", "--kind", "gateway.list", "--yes")

    assert "its type cannot be changed" in result.err
    assert [method for method, _ in api.sandbox.requests if method != "GET"] == []


def test_a_site_and_the_routing_of_mail_are_set_back_if_they_are_named(api: Api, inv: Inv) -> None:
    assert inv("scan.export", "--only", "zones,rum,email", "--deep", "--quiet").code == 0
    routing, sites = f"{Z}/email/routing", f"/accounts/{ACCOUNT_ID}/rum/site_info"
    before = api.result("GET", routing)["enabled"], api.result("GET", f"{sites}/list")
    site = next(one for one in before[1] if one.get("host"))
    api.result("DELETE", f"{routing}/dns")
    api.result("PUT", f"{sites}/{site['site_tag']}", json={"host": site["host"], "auto_install": True})

    result = inv(
        *("snapshots.restore", "--kind", "email.settings", "--kind", "rum.site", "--yes", "--force"),
    )

    assert result.code == 0, result.err
    assert (api.result("GET", routing)["enabled"], api.result("GET", f"{sites}/list")) == before
