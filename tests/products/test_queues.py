"""Queues of an account."""

from __future__ import annotations

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.queues.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/queues"
OWNER = Owner(ACCOUNT, ACCOUNT, {})


def test_queues_are_listed_with_one_request(client: Client, http: responses.RequestsMock) -> None:
    queues = [{"queue_id": "q", "queue_name": "mail"}]
    http.get(URL, json=envelope(queues, page=1, per_page=100, count=1, total_count=1, total_pages=1))

    listing = RESOURCES[0].list(client, OWNER)

    assert list(listing) == queues
    assert listing.problem == ""


def test_more_queues_than_one_response_holds_are_read_page_by_page(
    client: Client, http: responses.RequestsMock
) -> None:
    queues = [{"queue_id": name, "created_on": "2024-01-15T09:00:00Z"} for name in ("q", "r")]
    pages = [
        envelope([queue], page=number, per_page=1, count=1, total_count=2, total_pages=2)
        for number, queue in enumerate(queues, 1)
    ]
    for answer in (pages[0], *pages, envelope([], page=3, per_page=1, count=0, total_count=2, total_pages=2)):
        http.get(URL, json=answer)

    listing = RESOURCES[0].list(client, OWNER)

    assert list(listing) == queues
    assert listing.problem == ""


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Queues" in error.value.hint


def test_the_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=envelope([{"queue_id": "q"}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"queue_id": "q"}]
