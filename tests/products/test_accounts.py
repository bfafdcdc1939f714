"""Accounts, and the choice of the one to work on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import NotFound, PermissionDenied, UsageError
from ops.http.client import Client
from ops.products.accounts import api
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import page, refusal

FIRST, SECOND = "a" * 32, "b" * 32


def test_all_accounts_are_listed_fifty_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    accounts = [
        {"id": f"{n:032x}", "name": f"account {n}", "created_on": "2020-01-01T00:00:00Z"} for n in range(60)
    ]
    for number in (1, 2):
        matches = [query_param_matcher({"page": number, "per_page": 50})]
        http.get(f"{API}/accounts", json=page(accounts, number, 50), match=matches)

    listing = api.list_accounts(client)

    assert [account["id"] for account in listing] == [account["id"] for account in accounts]
    assert listing.problem == ""


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/accounts", json=refusal(9109, "Unauthorized to access requested resource"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(api.list_accounts(client))

    assert "Account Settings" in error.value.hint


def test_the_only_account_is_the_default(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/accounts", json=page([{"id": FIRST, "name": "one"}]))

    assert api.the_account(client)["id"] == FIRST


def test_several_accounts_are_listed_to_choose_from(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/accounts", json=page([{"id": FIRST, "name": "one"}, {"id": SECOND, "name": "two"}]))

    with pytest.raises(UsageError) as error:
        api.the_account(client)

    assert f"--account-id {SECOND}  two" in error.value.hint


def test_a_token_without_an_account_has_a_hint_to_the_next_step(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/accounts", json=page([]))

    with pytest.raises(NotFound) as error:
        api.the_account(client)

    assert "CLOUDFLARE_ACCOUNT_ID" in error.value.hint


def test_the_command_lists_the_accounts(staged: Sandbox, inv: Any) -> None:
    result = inv("accounts.list", "--output", "json")

    assert result.code == 0
    assert [account["id"] for account in json.loads(result.out)] == [staged.account_id]
