"""D1 databases of an account."""

from __future__ import annotations

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.d1.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import page, refusal

ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/d1/database"
OWNER = Owner(ACCOUNT, ACCOUNT, {})


def test_databases_are_listed_ten_thousand_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    databases = [{"uuid": f"u{n}", "name": f"d{n}"} for n in range(3)]
    asked = [query_param_matcher({"page": 1, "per_page": 10000})]
    http.get(URL, json=page(databases, 1, 10000), match=asked)

    assert list(RESOURCES[0].list(client, OWNER)) == databases


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Account > D1" in error.value.hint


def test_the_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=page([{"uuid": "u", "name": "d"}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"uuid": "u", "name": "d"}]
