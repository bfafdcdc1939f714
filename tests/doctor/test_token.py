"""What the credentials turn out to be, asked of the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import responses

from ops.config.settings import Settings
from ops.doctor.findings import Finding
from ops.doctor.token import Standing, examine_token, expiry
from ops.http.client import Client
from ops.sandbox.server import Sandbox
from tests.conftest import API, TOKEN

Connect = Callable[..., tuple[Client, Settings]]
OTHER = "sandbox_" + "7f" * 20
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT = "f" * 32


def examined(connect: Connect, sandbox: Sandbox, token: str = OTHER, **more: str) -> Standing:
    client, settings = connect(CLOUDFLARE_API_TOKEN=token, CLOUDFLARE_BASE_URL=sandbox.url, **more)
    return examine_token(client, settings, NOW.timestamp())


def found(standing: Standing) -> dict[str, Finding]:
    return {finding.check: finding for finding in standing.findings}


def test_a_users_token_is_reported_as_such(connect: Connect, sandbox: Sandbox) -> None:
    standing = examined(connect, sandbox, sandbox.token)

    assert standing.usable
    assert found(standing)["token"] == Finding("token", "ok", "active, owned by a user")
    assert found(standing)["token expiry"].status == "ok"
    assert standing.account_id == sandbox.account_id
    assert standing.page == "https://dash.cloudflare.com/profile/api-tokens"


def test_an_accounts_token_is_good_although_the_users_endpoint_calls_it_invalid(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.store.add_token(OTHER, owner="account")

    standing = examined(connect, sandbox)

    assert standing.usable
    assert found(standing)["token"] == Finding("token", "ok", "active, owned by an account")
    assert standing.page == f"https://dash.cloudflare.com/{sandbox.account_id}/api-tokens"


def test_an_accounts_token_that_may_not_list_accounts_needs_the_accounts_id(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.store.add_token(OTHER, owner="account", scopes=("dns:read",))

    without = examined(connect, sandbox)
    given = examined(connect, sandbox, CLOUDFLARE_ACCOUNT_ID=sandbox.account_id)

    assert not without.usable
    assert "without an account, an account's token cannot be verified" in found(without)["token"].meaning
    assert "CLOUDFLARE_ACCOUNT_ID" in found(without)["token"].hint
    assert given.usable
    assert found(given)["accounts"].status == "warn"
    assert "Account > Account Settings > Read" in found(given)["accounts"].meaning


def test_an_unknown_token_is_the_users_failure(connect: Connect, sandbox: Sandbox) -> None:
    standing = examined(connect, sandbox, CLOUDFLARE_ACCOUNT_ID=sandbox.account_id)

    token = found(standing)["token"]
    assert not standing.usable
    assert token.status == "fail"
    assert "Invalid API Token (1000), as a user's and as an account's token" in token.meaning
    assert "https://dash.cloudflare.com/profile/api-tokens" in token.hint


@pytest.mark.parametrize("status", ["disabled", "expired"])
def test_a_token_that_is_not_active_is_the_users_failure(
    connect: Connect, sandbox: Sandbox, status: str
) -> None:
    sandbox.store.add_token(OTHER, status=status)

    standing = examined(connect, sandbox)

    assert not standing.usable
    assert found(standing)["token"].status == "fail"
    assert status in found(standing)["token"].meaning


def test_a_token_that_has_ended_says_when(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.store.add_token(OTHER, expires_on="2020-02-29T00:00:00Z")

    expired = found(examined(connect, sandbox))["token expiry"]

    assert expired.status == "fail"
    assert expired.meaning == "expired on 2020-02-29"


@pytest.mark.parametrize(
    ("left", "status"),
    [
        (timedelta(days=14), "ok"),
        (timedelta(days=14, seconds=-1), "warn"),
        (timedelta(seconds=1), "warn"),
        (timedelta(0), "fail"),
        (timedelta(days=-1), "fail"),
    ],
)
def test_a_token_near_its_end_is_reported(left: timedelta, status: str) -> None:
    finding = expiry((NOW + left).timestamp(), NOW.timestamp(), "the page")

    assert finding.status == status
    assert status == "ok" or "the page" in finding.hint


ACCOUNTS = {
    "success": True,
    "result": [{"id": ACCOUNT, "name": "Example"}],
    "result_info": {"page": 1, "per_page": 50, "count": 1, "total_count": 1, "total_pages": 1},
}
KEY = {"CLOUDFLARE_EMAIL": "ops@example.com", "CLOUDFLARE_API_KEY": "0123456789abcdef" * 2 + "01234"}


def test_a_token_that_has_not_begun_is_the_users_failure(
    connect: Connect, http: responses.RequestsMock
) -> None:
    verified = {"id": "t", "status": "active", "not_before": "2027-01-01T00:00:00Z"}
    http.get(f"{API}/accounts", json=ACCOUNTS)
    http.get(f"{API}/user/tokens/verify", json={"success": True, "result": verified})
    client, settings = connect(CLOUDFLARE_API_TOKEN=TOKEN)

    standing = examine_token(client, settings, NOW.timestamp())

    assert found(standing)["token begins"].meaning == "not valid before 2027-01-01T00:00:00Z"
    assert found(standing)["token begins"].status == "fail"


def test_a_key_is_reported_to_be_more_than_is_needed(connect: Connect, http: responses.RequestsMock) -> None:
    http.get(f"{API}/accounts", json=ACCOUNTS)
    client, settings = connect(**KEY)

    standing = examine_token(client, settings, NOW.timestamp())

    assert standing.usable
    assert found(standing)["token"].status == "warn"
    assert found(standing)["accounts"].status == "ok"


def test_an_unknown_key_is_the_users_failure(connect: Connect, http: responses.RequestsMock) -> None:
    unknown = {"code": 9103, "message": "Unknown X-Auth-Key or X-Auth-Email"}
    http.get(f"{API}/accounts", status=403, json={"success": False, "errors": [unknown], "result": None})
    client, settings = connect(**KEY)

    standing = examine_token(client, settings, NOW.timestamp())

    assert not standing.usable
    assert found(standing)["accounts"].status == "fail"
    assert "(9103)" in found(standing)["accounts"].meaning


def test_an_account_that_the_token_does_not_see_is_reported(connect: Connect, sandbox: Sandbox) -> None:
    standing = examined(connect, sandbox, sandbox.token, CLOUDFLARE_ACCOUNT_ID=ACCOUNT)

    assert found(standing)["accounts"].status == "warn"
    assert f"{ACCOUNT} is not among them" in found(standing)["accounts"].meaning


def test_one_of_several_accounts_has_to_be_named(connect: Connect, http: responses.RequestsMock) -> None:
    accounts = [{"id": letter * 32, "name": letter} for letter in "ab"]
    answer = {"success": True, "errors": [], "messages": [], "result": {"id": "t", "status": "active"}}
    info = {"page": 1, "per_page": 50, "count": 2, "total_count": 2, "total_pages": 1}
    http.get(f"{API}/user/tokens/verify", json=answer)
    http.get(f"{API}/accounts", json={**answer, "result": accounts, "result_info": info})
    client, settings = connect(CLOUDFLARE_API_TOKEN=TOKEN)

    finding = found(examine_token(client, settings, NOW.timestamp()))["accounts"]

    assert (finding.status, finding.hint) == ("warn", "set CLOUDFLARE_ACCOUNT_ID, or use --account-id")
    assert finding.meaning.startswith("can see 2: a (")
