"""Load balancers of a zone; pools and monitors of an account."""

from __future__ import annotations

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.load_balancers.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT, ZONE = "a" * 32, "1" * 32
URL = f"{API}/zones/{ZONE}/load_balancers"
OWNER = Owner(ACCOUNT, ZONE, {})


def test_each_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    balancers, pools, monitors = RESOURCES
    account = Owner(ACCOUNT, ACCOUNT, {})
    http.get(URL, json=envelope([{"id": "b"}]))
    http.get(f"{API}/accounts/{ACCOUNT}/load_balancers/pools", json=envelope([{"id": "p"}]))
    http.get(f"{API}/accounts/{ACCOUNT}/load_balancers/monitors", json=envelope([{"id": "m"}]))

    assert list(pools.list(client, account)) == [{"id": "p"}]
    assert list(monitors.list(client, account)) == [{"id": "m"}]
    assert list(balancers.list(client, OWNER)) == [{"id": "b"}]


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Load Balancers" in error.value.hint
