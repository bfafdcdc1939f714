"""Page rules of a zone."""

from __future__ import annotations

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.pagerules.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT, ZONE = "a" * 32, "1" * 32
URL = f"{API}/zones/{ZONE}/pagerules"
OWNER = Owner(ACCOUNT, ZONE, {})


def test_page_rules_are_listed_with_one_request(client: Client, http: responses.RequestsMock) -> None:
    rules = [{"id": "r", "targets": [], "actions": [], "priority": 1, "status": "active"}]
    http.get(URL, json=envelope(rules))

    assert list(RESOURCES[0].list(client, OWNER)) == rules


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Page Rules" in error.value.hint


def test_the_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=envelope([{"id": "r"}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"id": "r"}]
