"""R2 buckets of an account."""

from __future__ import annotations

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.r2.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/r2/buckets"
OWNER = Owner(ACCOUNT, ACCOUNT, {})


def test_buckets_are_read_from_inside_the_result_to_the_last_cursor(
    client: Client, http: responses.RequestsMock
) -> None:
    first = envelope({"buckets": [{"name": "a"}]}, cursor="next", per_page=1000)
    http.get(URL, json=first, match=[query_param_matcher({"per_page": 1000})])
    last = envelope({"buckets": [{"name": "b"}]}, cursor="", per_page=1000)
    http.get(URL, json=last, match=[query_param_matcher({"per_page": 1000, "cursor": "next"})])

    assert [bucket["name"] for bucket in RESOURCES[0].list(client, OWNER)] == ["a", "b"]


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Workers R2 Storage" in error.value.hint


def test_the_kind_lists_what_lies_in_its_owner(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=envelope({"buckets": [{"name": "a"}]}))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"name": "a"}]
