"""Authentication: accepted credentials, and the code of every refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Refusal, Token

from .conftest import Api, Clock

MALFORMED = (400, 6003, 6111)


def call(sandbox: Sandbox, path: str = "/zones", **headers: str) -> tuple[int, int, int]:
    """Return status, code and chained code (0: none) of a call with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = requests.get(sandbox.url + path, headers=named, timeout=5)
    error: dict[str, Any] = (answer.json()["errors"] or [{"code": 0}])[0]
    return answer.status_code, error["code"], error.get("error_chain", [{"code": 0}])[0]["code"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (400, 9106, 0)),
        ({"X_Auth_Email": "admin@example.com"}, (400, 9106, 0)),
        ({"Authorization": "Bearer"}, MALFORMED),
        ({"Authorization": "Bearer two words here is malformed"}, MALFORMED),
        ({"Authorization": 'Bearer "sandbox_quotedquotedquotedquoted"'}, MALFORMED),
        ({"Authorization": "Basic c2FuZGJveDpzYW5kYm94c2FuZGJveA=="}, MALFORMED),
        ({"Authorization": "Bearer 0123456789abcdef0123456789abcdef01234"}, MALFORMED),
        ({"Authorization": "Bearer cfk_0123456789abcdef0123456789abcdef"}, MALFORMED),
        ({"Authorization": "Bearer sandbox_" + "x" * 40}, (403, 9109, 0)),
        ({"X_Auth_Email": "admin@example.com", "X_Auth_Key": "a token, not a key"}, (400, 6003, 6103)),
        ({"X_Auth_Email": "nobody", "X_Auth_Key": "0" * 37}, (400, 6003, 6102)),
        ({"X_Auth_Email": "admin@example.com", "X_Auth_Key": "0" * 37}, (403, 9103, 0)),
    ],
)
def test_each_bad_credential_has_its_documented_code(
    sandbox: Sandbox, headers: dict[str, str], expected: tuple[int, int, int]
) -> None:
    assert call(sandbox, **headers) == expected


def test_the_global_key_is_accepted_by_every_product(sandbox: Sandbox) -> None:
    assert call(sandbox, X_Auth_Email=sandbox.email, X_Auth_Key=sandbox.key)[0] == 200


def test_the_global_key_is_refused_as_a_bearer_token(sandbox: Sandbox) -> None:
    assert call(sandbox, Authorization=f"Bearer {sandbox.key}") == MALFORMED


@pytest.mark.parametrize("status", ["disabled", "revoked", "expired"])
def test_a_token_that_is_not_active_is_refused(sandbox: Sandbox, status: str) -> None:
    sandbox.store.add_token("sandbox_" + "a" * 40, status=status)

    assert call(sandbox, Authorization="Bearer sandbox_" + "a" * 40) == (403, 9109, 0)


def test_a_token_expires_with_the_clock(start: Callable[..., Sandbox], clock: Clock) -> None:
    sandbox = start(clock=clock, seed=None)
    sandbox.store.add_token("sandbox_" + "b" * 40, expires_on="2026-12-01T00:00:00Z")
    bearer = "Bearer sandbox_" + "b" * 40

    before = call(sandbox, Authorization=bearer)[0]
    clock.time = 1_796_083_200.0
    after = call(sandbox, Authorization=bearer)

    assert before == 200
    assert after == (403, 9109, 0)


@pytest.mark.parametrize(
    ("scopes", "path", "status", "code"),
    [
        (["dns:read"], "/zones", 403, 9109),
        (["zone:read"], "/zones", 200, 0),
        (["zone:edit"], "/zones", 200, 0),
        (["zone:read"], "/zones/{}/dns_records", 403, 10000),
        (["dns:edit"], "/zones/{}/dns_records", 200, 0),
        (["dns:read"], "/zones/{}/ssl/certificate_packs", 403, 10000),
        (["ssl:*"], "/zones/{}/ssl/certificate_packs", 200, 0),
        (["workers:read"], "/zones/{}/workers/routes", 200, 0),
    ],
)
def test_a_scope_permits_only_its_product(
    sandbox: Sandbox, zone: str, scopes: list[str], path: str, status: int, code: int
) -> None:
    sandbox.store.add_token("sandbox_" + "c" * 40, scopes=scopes)

    answer = call(sandbox, path.format(zone), Authorization="Bearer sandbox_" + "c" * 40)

    assert answer == (status, code, 0)


@pytest.mark.parametrize(
    ("scope", "required", "enough"),
    [
        ("*", "cache:purge", True),
        ("cache:purge", "cache:purge", True),
        ("cache:*", "cache:purge", True),
        ("cache:edit", "cache:purge", False),
        ("dns:edit", "dns:read", True),
        ("dns:read", "dns:edit", False),
        ("dns:*", "dns:edit", True),
        ("workers:read", "do:read", True),
        ("workers:read", "do:edit", False),
        ("kv:read", "do:read", False),
    ],
)
def test_a_scope_includes_the_expected_permissions(scope: str, required: str, enough: bool) -> None:
    token = Token("", "", frozenset({scope}), "active", None, "user")

    assert token.may(required) is enough


def test_a_read_scope_does_not_permit_writes(api: Api, zone: str) -> None:
    api.sandbox.store.add_token("sandbox_" + "d" * 40, scopes=["dns:read"])
    api.session.headers["Authorization"] = "Bearer sandbox_" + "d" * 40

    assert api.refused("POST", f"/zones/{zone}/dns_records", json={}) == (403, 10000)


def test_an_account_token_is_unknown_to_the_user_endpoint(api: Api) -> None:
    api.sandbox.store.add_token("sandbox_" + "e" * 40, owner="account")
    api.session.headers["Authorization"] = "Bearer sandbox_" + "e" * 40

    assert api.refused("GET", "/user/tokens/verify") == (401, 1000)
    assert api.result("GET", f"/accounts/{api.sandbox.account_id}/tokens/verify")["status"] == "active"


def test_a_verified_token_has_a_message_with_the_code_of_an_error(api: Api) -> None:
    body = api("GET", "/user/tokens/verify").json()

    assert body["errors"] == []
    assert body["messages"][0]["code"] == 10000
    assert body["result"]["status"] == "active"


def test_a_disabled_token_is_still_described(api: Api) -> None:
    api.sandbox.store.set_token_status(api.sandbox.token, "disabled")

    assert api.result("GET", "/user/tokens/verify")["status"] == "disabled"


def test_a_foreign_account_is_refused(api: Api) -> None:
    assert api.refused("GET", f"/accounts/{'0' * 32}/workers/scripts") == (403, 10000)


def test_a_refusal_keeps_no_headers_of_its_answers() -> None:
    missing = Refusal(404, 1003, "The route was not found.")

    missing.answer().headers["Ratelimit"] = '"default";r=1;t=300'

    assert missing.answer().headers == {}
