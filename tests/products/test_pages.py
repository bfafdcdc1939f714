"""Pages projects of an account."""

from __future__ import annotations

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.pages.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import page, refusal

ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/pages/projects"
OWNER = Owner(ACCOUNT, ACCOUNT, {})


def test_projects_are_listed_ten_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    projects = [{"id": f"p{n}", "name": f"p{n}", "created_on": "2020-01-01T00:00:00Z"} for n in range(12)]
    for number in (1, 2):
        asked = [query_param_matcher({"page": number, "per_page": 10})]
        http.get(URL, json=page(projects, number, 10), match=asked)

    assert list(RESOURCES[0].list(client, OWNER)) == projects


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Cloudflare Pages" in error.value.hint


def test_the_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=page([{"id": "p"}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"id": "p"}]
