"""Accounts, memberships, tokens, audit logs and the other items of an account, in the sandbox."""

from __future__ import annotations

import pytest

from ops.sandbox.store import ACCOUNT_ID, EMAIL

from .conftest import Api

ACCOUNT = f"/accounts/{ACCOUNT_ID}"


def test_the_user_and_the_membership_exist(api: Api) -> None:
    assert api.result("GET", "/user")["email"] == EMAIL
    assert [one["account"]["id"] for one in api.result("GET", "/memberships")] == [ACCOUNT_ID]
    assert api.result("GET", "/memberships", params={"status": "pending"}) == []


def test_accounts_are_found_by_name(api: Api) -> None:
    assert [one["id"] for one in api.result("GET", "/accounts")] == [ACCOUNT_ID]
    assert api.result("GET", "/accounts", params={"name": "sandbox"})[0]["name"] == "Sandbox Account"
    assert api.result("GET", "/accounts", params={"name": "other"}) == []


def test_an_unknown_account_is_refused(api: Api) -> None:
    assert api.refused("GET", f"/accounts/{'0' * 32}") == (403, 10000)


def test_a_good_token_is_verified_with_its_dates(api: Api) -> None:
    token = "sandbox_" + "t" * 40
    api.sandbox.store.add_token(token, expires_on="2099-01-01T00:00:00Z")
    api.session.headers["Authorization"] = f"Bearer {token}"

    answer = api("GET", "/user/tokens/verify").json()

    assert answer["result"]["status"] == "active"
    assert answer["result"]["expires_on"] == "2099-01-01T00:00:00Z"
    assert answer["messages"] == [
        {"code": 10000, "message": "This API Token is valid and active", "type": None}
    ]


def test_an_expired_token_has_that_status(api: Api) -> None:
    token = "sandbox_" + "t" * 40
    api.sandbox.store.add_token(token, expires_on="2020-01-01T00:00:00Z")
    api.session.headers["Authorization"] = f"Bearer {token}"

    assert api.result("GET", "/user/tokens/verify")["status"] == "expired"
    assert api.refused("GET", "/zones") == (403, 9109)


def test_an_account_token_is_verified_only_by_its_account(api: Api) -> None:
    token = "sandbox_" + "t" * 40
    api.sandbox.store.add_token(token, owner="account")
    user = api.refused("GET", f"{ACCOUNT}/tokens/verify")
    api.session.headers["Authorization"] = f"Bearer {token}"

    assert api.result("GET", f"{ACCOUNT}/tokens/verify")["status"] == "active"
    assert api.refused("GET", "/user/tokens/verify") == (401, 1000)
    assert user == (401, 1000)


def test_an_unknown_token_is_invalid(api: Api) -> None:
    api.session.headers["Authorization"] = "Bearer " + "x" * 40

    assert api.refused("GET", "/user/tokens/verify") == (401, 1000)


def test_the_audit_log_is_paged_newest_first(api: Api) -> None:
    first = api("GET", f"{ACCOUNT}/audit_logs", params={"per_page": 30}).json()
    second = api("GET", f"{ACCOUNT}/audit_logs", params={"per_page": 30, "page": 2}).json()
    times = [one["when"] for one in first["result"] + second["result"]]

    assert len(times) == first["result_info"]["total_count"] == 40
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"since": "2026-03-02T00:00:00Z"}, 16),
        ({"before": "2026-03-01T12:00:00Z"}, 12),
        ({"since": "2026-03-01T10:00:00+01:00", "before": "2026-03-01T12:00:00Z"}, 3),
        ({"actor.email": EMAIL}, 40),
        ({"actor.email": "other@example.com"}, 0),
        ({"action.type": "purge"}, 8),
        ({"zone.name": "example.com"}, 40),
        ({"zone.name": "example.org"}, 0),
        ({"direction": "asc"}, 40),
    ],
)
def test_the_audit_log_can_be_filtered(api: Api, params: dict[str, str], count: int) -> None:
    found = api.result("GET", f"{ACCOUNT}/audit_logs", params=params)

    assert len(found) == count


def test_a_malformed_date_is_refused(api: Api) -> None:
    assert api.refused("GET", f"{ACCOUNT}/audit_logs", params={"since": "yesterday"}) == (400, 10001)


def test_the_second_audit_log_needs_bounds_and_has_cursors(api: Api) -> None:
    bounds = {"since": "2026-03-01", "before": "2026-03-02T00:00:00Z", "limit": 20}

    first = api("GET", f"{ACCOUNT}/logs/audit", params=bounds).json()
    cursor = first["result_info"]["cursor"]
    second = api("GET", f"{ACCOUNT}/logs/audit", params={**bounds, "cursor": cursor}).json()

    assert [first["result_info"]["count"], second["result_info"]["count"]] == ["20", "4"]
    assert len({one["id"] for one in first["result"] + second["result"]}) == 24
    assert second["result_info"]["cursor"] == ""
    assert api.refused("GET", f"{ACCOUNT}/logs/audit", params={"since": "2026-03-01"}) == (400, 10001)


def test_a_write_leaves_an_entry_in_the_second_audit_log_and_reading_does_not(api: Api) -> None:
    zone = api.result("GET", "/zones", params={"name": "example.com"})[0]["id"]
    record = {"type": "A", "name": "audited.example.com", "content": "192.0.2.9", "ttl": 60}

    made = api("POST", f"/zones/{zone}/dns_records", json=record)
    refused = api.refused("POST", f"/zones/{zone}/dns_records", json={})
    bounds = {"since": "2026-06-01", "before": "2100-01-01"}
    (entry,) = api.result("GET", f"{ACCOUNT}/logs/audit", params=bounds)

    assert refused[0] == 400
    assert entry["zone"] == {"id": zone, "name": "example.com"}
    assert entry["action"]["type"] == "create"
    assert entry["raw"]["uri"] == f"/client/v4/zones/{zone}/dns_records"
    assert made.headers["cf-ray"].partition("-")[0] == entry["raw"]["cf_ray_id"]
    assert entry["resource"]["id"] == made.json()["result"]["id"]


@pytest.mark.parametrize(("direction", "descends"), [("", True), ("desc", True), ("asc", False)])
def test_the_second_audit_log_is_in_the_order_asked_for(api: Api, direction: str, descends: bool) -> None:
    bounds = {"since": "2026-03-01", "before": "2026-03-02T00:00:00Z", "limit": 20, "direction": direction}

    first = api("GET", f"{ACCOUNT}/logs/audit", params=bounds).json()
    cursor = first["result_info"]["cursor"]
    second = api("GET", f"{ACCOUNT}/logs/audit", params={**bounds, "cursor": cursor}).json()
    times = [one["action"]["time"] for one in first["result"] + second["result"]]

    assert len(times) == 24
    assert times == sorted(times, reverse=descends)


def test_buckets_are_paged_inside_the_result(api: Api) -> None:
    first = api("GET", f"{ACCOUNT}/r2/buckets").json()
    cursor = first["result_info"]["cursor"]
    second = api("GET", f"{ACCOUNT}/r2/buckets", params={"cursor": cursor}).json()
    names = [one["name"] for one in first["result"]["buckets"] + second["result"]["buckets"]]

    assert len(first["result"]["buckets"]) == first["result_info"]["per_page"] == 20
    assert len(names) == 23
    assert "cursor" not in second["result_info"]


def test_buckets_can_be_filtered(api: Api) -> None:
    path = f"{ACCOUNT}/r2/buckets"

    found = api.result("GET", path, params={"name_contains": "back"})
    later = api.result("GET", path, params={"start_after": "logs-18"})
    elsewhere = api.result("GET", path, headers={"cf-r2-jurisdiction": "eu"})

    assert [one["name"] for one in found["buckets"]] == ["backups"]
    assert [one["name"] for one in later["buckets"]] == ["logs-19", "logs-20", "uploads"]
    assert elsewhere["buckets"] == []


def test_databases_queues_and_projects_are_listed(api: Api) -> None:
    queues = api("GET", f"{ACCOUNT}/queues").json()

    assert [one["name"] for one in api.result("GET", f"{ACCOUNT}/d1/database")] == ["analytics", "orders"]
    assert len(api.result("GET", f"{ACCOUNT}/d1/database", params={"name": "ord"})) == 1
    assert [one["queue_name"] for one in queues["result"]] == ["emails", "webhooks"]
    assert queues["result_info"]["total_pages"] == 1
    assert len(api.result("GET", f"{ACCOUNT}/pages/projects")) == 10
    assert len(api.result("GET", f"{ACCOUNT}/pages/projects", params={"page": 2})) == 2


def test_rulesets_are_listed_without_their_rules(api: Api) -> None:
    first = api("GET", f"{ACCOUNT}/rulesets", params={"per_page": 2}).json()
    cursor = first["result_info"]["cursors"]["after"]
    second = api.result("GET", f"{ACCOUNT}/rulesets", params={"per_page": 2, "cursor": cursor})

    assert len(first["result"]) + len(second) == 3
    assert all("rules" not in one for one in [*first["result"], *second])
    assert api.result("GET", f"{ACCOUNT}/rulesets/{second[0]['id']}")["rules"]
    assert api.refused("GET", f"{ACCOUNT}/rulesets/{'0' * 32}") == (404, 7003)


def test_pools_name_their_monitor(api: Api) -> None:
    (monitor,) = api.result("GET", f"{ACCOUNT}/load_balancers/monitors")

    pools = api.result("GET", f"{ACCOUNT}/load_balancers/pools", params={"monitor": monitor["id"]})

    assert [one["name"] for one in pools] == ["pool-east", "pool-west"]
    assert api.result("GET", f"{ACCOUNT}/load_balancers/pools", params={"monitor": "other"}) == []
