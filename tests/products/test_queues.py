"""Queues of an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.queues.resources import RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope, refusal
from tests.products.writing import written

Inv = Callable[..., Result]

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


def settings(inv: Inv) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inv("queues.info", "--queue", "emails", "--output", "json").out)
    return dict(found["settings"])


def test_a_paused_queue_keeps_its_other_settings_and_is_resumed(staged: Sandbox, inv: Inv) -> None:
    before = settings(inv)

    paused = inv("queues.update", "--queue", "emails", "--paused", "yes")
    between = settings(inv)
    resumed = inv("queues.update", "emails", "--paused", "no", "--retention", "60", "--delay", "0")

    assert (paused.code, resumed.code) == (0, 0), paused.err + resumed.err
    assert between == {**before, "delivery_paused": True}
    assert settings(inv) == {**before, "message_retention_period": 60}


@pytest.mark.parametrize("options", [(), ("--paused", "maybe")])
def test_an_update_of_a_queue_names_what_changes(staged: Sandbox, inv: Inv, options: tuple[str, ...]) -> None:
    result = inv("queues.update", "--queue", "emails", *options)

    assert result.code == 1
    assert "name what to change" in result.err
    assert written(staged) == []
