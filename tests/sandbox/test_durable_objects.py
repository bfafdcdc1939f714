"""Durable Objects in the sandbox: two lists."""

from __future__ import annotations

import pytest

from ops.sandbox.store import stable_id

from .conftest import Api


@pytest.fixture
def spaces(api: Api) -> str:
    return f"/accounts/{api.sandbox.account_id}/workers/durable_objects/namespaces"


def test_namespaces_are_paged(api: Api, spaces: str) -> None:
    first = api("GET", spaces, params={"per_page": 2}).json()
    second = api("GET", spaces, params={"per_page": 2, "page": 2}).json()

    assert first["result_info"] == {"page": 1, "per_page": 2, "count": 2, "total_count": 3, "total_pages": 2}
    assert [one["name"] for one in first["result"] + second["result"]] == [
        "api-gateway_RateLimiter",
        "chat-room_Room",
        "webhook-relay_Inbox",
    ]
    assert first["result"][1] == {
        "id": stable_id("do.namespace", "chat-room", "Room"),
        "name": "chat-room_Room",
        "script": "chat-room",
        "class": "Room",
        "use_sqlite": True,
    }


def test_the_default_page_has_twenty_namespaces(api: Api, spaces: str) -> None:
    assert api("GET", spaces).json()["result_info"]["per_page"] == 20


def test_the_default_page_has_a_thousand_objects(api: Api, spaces: str) -> None:
    path = f"{spaces}/{stable_id('do.namespace', 'chat-room', 'Room')}/objects"

    first = api("GET", path).json()
    second = api("GET", path, params={"cursor": first["result_info"]["cursor"]}).json()
    whole = api("GET", path, params={"limit": 10_000}).json()

    assert [first["result_info"]["count"], second["result_info"]["count"]] == [1000, 100]
    assert first["result_info"]["cursor"] == first["result_info"]["cursors"]["after"]
    assert second["result_info"]["cursor"] == ""
    assert first["result"] + second["result"] == whole["result"]
    assert {one["hasStoredData"] for one in whole["result"]} == {True, False}
    assert all(len(one["id"]) == 64 for one in whole["result"])


def test_an_unknown_namespace_is_not_found(api: Api, spaces: str) -> None:
    assert api.refused("GET", f"{spaces}/{'0' * 32}/objects") == (404, 7003)


def test_there_is_no_call_for_one_namespace_or_one_object(api: Api, spaces: str) -> None:
    space = f"{spaces}/{stable_id('do.namespace', 'chat-room', 'Room')}"

    assert api.refused("GET", space) == (404, 7000)
    assert api.refused("GET", f"{space}/objects/{'0' * 64}") == (404, 7000)
