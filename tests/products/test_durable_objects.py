"""Durable Objects: they can only be listed, and one is found in the list."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import AmbiguousName, Incomplete, NotFound, PermissionDenied, UsageError
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.durable_objects import api
from ops.products.durable_objects.resources import RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal

ACCOUNT, NAMESPACE = "a" * 32, "b" * 32
NAMESPACES = f"{API}/accounts/{ACCOUNT}/workers/durable_objects/namespaces"
OBJECTS = f"{NAMESPACES}/{NAMESPACE}/objects"


def objects(*numbers: int) -> list[dict[str, object]]:
    return [{"id": f"{n:064x}", "hasStoredData": n % 2 == 0} for n in numbers]


def two_pages(http: responses.RequestsMock) -> None:
    first = envelope(objects(0, 1), count=2, cursor="next")
    http.get(OBJECTS, json=first, match=[query_param_matcher({"limit": 10000})])
    last = envelope(objects(2, 3), count=2, cursor="")
    http.get(OBJECTS, json=last, match=[query_param_matcher({"limit": 10000, "cursor": "next"})])


def test_all_pages_of_namespaces_are_read(client: Client, http: responses.RequestsMock) -> None:
    namespaces = [{"id": f"{n:032x}", "name": f"n{n:02}"} for n in range(45)]
    for number in (1, 2, 3):
        requested = [query_param_matcher({"page": number, "per_page": 20})]
        http.get(NAMESPACES, json=page(namespaces, number, 20), match=requested)

    listing = api.list_namespaces(client, ACCOUNT)

    assert list(listing) == namespaces
    assert listing.problem == ""


def test_a_larger_page_may_be_requested(client: Client, http: responses.RequestsMock) -> None:
    requested = [query_param_matcher({"page": 1, "per_page": 1000})]
    http.get(NAMESPACES, json=page([{"id": NAMESPACE}], 1, 1000), match=requested)

    assert len(list(api.list_namespaces(client, ACCOUNT, per_page=1000))) == 1


@pytest.mark.parametrize("size", [0, -1, 1001])
def test_an_invalid_page_size_is_refused(client: Client, size: int) -> None:
    with pytest.raises(UsageError, match="--per-page"):
        api.list_namespaces(client, ACCOUNT, per_page=size)


def test_only_the_namespaces_of_one_script_are_listed(client: Client, http: responses.RequestsMock) -> None:
    found = [{"id": "1", "script": "chat"}, {"id": "2", "script": "chat-old"}, {"id": "3", "script": None}]
    http.get(NAMESPACES, json=page(found))

    assert [one["id"] for one in api.list_namespaces(client, ACCOUNT, script="chat")] == ["1"]


def test_a_namespace_is_found_by_its_name_in_the_list(client: Client, http: responses.RequestsMock) -> None:
    http.get(
        NAMESPACES, json=page([{"id": "1", "name": "chat_Room"}, {"id": NAMESPACE, "name": "chat_Lobby"}])
    )

    assert api.find_namespace(client, ACCOUNT, "chat_Lobby")["id"] == NAMESPACE


def test_an_id_needs_no_request(client: Client) -> None:
    assert api.namespace_id(client, ACCOUNT, NAMESPACE) == NAMESPACE


def test_a_name_that_two_namespaces_have_lists_both(client: Client, http: responses.RequestsMock) -> None:
    http.get(NAMESPACES, json=page([{"id": "1", "name": "room"}, {"id": "2", "name": "room"}]))

    with pytest.raises(AmbiguousName) as error:
        api.find_namespace(client, ACCOUNT, "room")

    assert error.value.hint.endswith("1, 2")


def test_an_unknown_namespace_has_a_hint_to_the_list(client: Client, http: responses.RequestsMock) -> None:
    http.get(NAMESPACES, json=page([]))

    with pytest.raises(NotFound) as error:
        api.find_namespace(client, ACCOUNT, "room")

    assert "inv do.list" in error.value.hint


def test_a_namespace_missing_from_an_incomplete_list_is_not_reported_as_absent(
    client: Client, http: responses.RequestsMock
) -> None:
    lying = envelope([{"id": "1", "name": "room"}], page=1, per_page=20, count=1, total_count=9)
    http.get(NAMESPACES, json=lying)

    with pytest.raises(Incomplete, match="may be incomplete"):
        api.find_namespace(client, ACCOUNT, "lobby")


def test_all_objects_are_listed_ten_thousand_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    two_pages(http)

    assert list(api.list_objects(client, ACCOUNT, NAMESPACE)) == objects(0, 1, 2, 3)


@pytest.mark.parametrize(("stored", "numbers"), [(True, (0, 2)), (False, (1, 3)), (None, (0, 1, 2, 3))])
def test_objects_are_filtered_by_stored_data(
    client: Client, http: responses.RequestsMock, stored: bool | None, numbers: tuple[int, ...]
) -> None:
    two_pages(http)

    assert list(api.list_objects(client, ACCOUNT, NAMESPACE, stored=stored)) == objects(*numbers)


def test_the_search_for_an_object_stops_when_it_is_found(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(OBJECTS, json=envelope(objects(0, 1), count=2, cursor="next"))

    assert api.find_object(client, ACCOUNT, NAMESPACE, f"{1:064x}")["hasStoredData"] is False
    assert len(http.calls) == 1


def test_a_missing_object_is_searched_on_every_page(client: Client, http: responses.RequestsMock) -> None:
    two_pages(http)

    with pytest.raises(NotFound):
        api.find_object(client, ACCOUNT, NAMESPACE, "f" * 64)


@pytest.mark.parametrize("text", ["", "f" * 63, "g" * 64, "f" * 65, "../" + "f" * 61])
def test_an_invalid_object_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not the id of an object"):
        api.canonical_id(text)


def test_an_object_id_may_be_in_upper_case() -> None:
    assert api.canonical_id("F" * 64) == "f" * 64


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(NAMESPACES, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(api.list_namespaces(client, ACCOUNT))

    assert "Workers Scripts" in error.value.hint


def test_the_kinds_list_namespaces_and_their_objects(client: Client, http: responses.RequestsMock) -> None:
    http.get(NAMESPACES, json=page([{"id": NAMESPACE}]))
    http.get(OBJECTS, json=envelope(objects(1), count=1, cursor=""))
    namespaces, found = RESOURCES

    assert list(namespaces.list(client, Owner(ACCOUNT, ACCOUNT, {}))) == [{"id": NAMESPACE}]
    assert list(found.list(client, Owner(ACCOUNT, NAMESPACE, {"id": NAMESPACE}))) == objects(1)


def test_the_commands_list_and_find(staged: Sandbox, inv: Any) -> None:
    listed = json.loads(inv("do.list", "--script", "chat-room", "--output", "json").out)
    shown = json.loads(inv("durable-objects.info", "--namespace", "chat-room_Room", "--output", "json").out)

    assert [{**listed[0], "traffic": shown["traffic"], "bound_by": None}] == [{**shown, "bound_by": None}]
    assert shown["class"] == "Room"


def test_the_commands_list_objects_and_find_one(staged: Sandbox, inv: Any) -> None:
    options = ("--namespace", "chat-room_Room", "--output", "json")
    every = json.loads(inv("do.objects", *options).out)
    stored = json.loads(inv("do.objects", "--stored", "yes", *options).out)

    result = inv("do.object", "--id", every[-1]["id"], *options)

    assert json.loads(result.out) == every[-1]
    assert stored == [one for one in every if one["hasStoredData"]]


def test_a_wrong_id_is_refused_before_any_request(staged: Sandbox, inv: Any) -> None:
    result = inv("do.object", "--namespace", "chat-room_Room", "--id", "17")

    assert result.code == 1
    assert staged.requests == []


def test_stored_is_yes_or_no(staged: Sandbox, inv: Any) -> None:
    result = inv("do.objects", "--namespace", "chat-room_Room", "--stored", "maybe")

    assert result.code == 1
    assert "--stored 'maybe' is not yes or no" in result.err
