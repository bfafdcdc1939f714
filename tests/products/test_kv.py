"""Workers KV: every key is one path segment, every value is exact or reported as doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from responses.matchers import json_params_matcher, query_param_matcher

from ops.errors import AmbiguousName, ApiError, MalformedAnswer, NotFound, PermissionDenied, UsageError
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import Owner
from ops.products.kv import api
from ops.products.kv.resources import RESOURCES
from ops.products.kv.values import as_pair, values
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal
from tests.products.connection import connected

ACCOUNT, NAMESPACE, OTHER = "a" * 32, "b" * 32, "c" * 32
SPACE = Owner(ACCOUNT, NAMESPACE, {})
KV = f"{API}/accounts/{ACCOUNT}/storage/kv/namespaces"
BULK = f"{KV}/{NAMESPACE}/bulk/get"

AWKWARD = [
    "a/b", "/", "//", "a%2Fb", "%", "%%", "?a=b", "a?b", "#", "a#b", "a+b", "a;b", "a&b=c", "a b", " ",
    "a\nb", "\t", "é", "日本", "💥", "\u202eabc", "a\\b", "...", ".a", "a.", "..a", "-", "--dashes", "~", ":",
    "@", "é" * 256,
]  # fmt: skip


def keys(*names: str) -> Iterator[Json]:
    return iter([{"name": name} for name in names])


@pytest.mark.fault("E3")
@pytest.mark.parametrize("key", AWKWARD)
def test_an_awkward_key_is_exactly_one_path_segment(staged: Sandbox, inv: Any, key: str) -> None:
    namespace = new_namespace(staged, {key: b"value of it"})

    result = inv("kv.get", "--namespace", namespace, f"--key={key}")

    assert (result.code, result.out) == (0, "value of it")
    requested = [where for _, where in staged.requests if "/values/" in where][-1]
    assert requested.partition("/values/")[2].count("/") == 0


def new_namespace(sandbox: Sandbox, pairs: dict[str, bytes]) -> str:
    """Create a namespace with *pairs* in the sandbox through its bulk call; return its id."""
    import base64

    import requests

    base = f"{sandbox.url}/accounts/{sandbox.account_id}/storage/kv/namespaces"
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    made = requests.post(base, json={"title": "awkward"}, headers=headers, timeout=5).json()["result"]["id"]
    body = [
        {"key": key, "value": base64.b64encode(value).decode(), "base64": True}
        for key, value in pairs.items()
    ]
    answer = requests.put(f"{base}/{made}/bulk", json=body, headers=headers, timeout=5)
    assert answer.ok, answer.text
    return str(made)


@pytest.mark.fault("E4")
@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_key_that_addresses_another_resource_is_refused_before_any_request(
    client: Client, http: responses.RequestsMock, key: str
) -> None:
    with pytest.raises(UsageError, match="is not a valid key"):
        api.get_value(client, SPACE, key)

    assert len(http.calls) == 0


@pytest.mark.fault("E4")
@pytest.mark.parametrize("key", [".", ".."])
def test_the_command_refuses_a_dot_as_a_key(staged: Sandbox, inv: Any, key: str) -> None:
    result = inv("kv.get", "--namespace", "any", "--key", key)

    assert result.code == 1
    assert "is not a valid key" in result.err
    assert staged.requests == []


@pytest.mark.fault("E3")
def test_a_key_may_have_512_bytes_but_not_513() -> None:
    api.check_key("é" * 256)

    with pytest.raises(UsageError, match="513 bytes"):
        api.check_key("é" * 256 + "a")


@pytest.mark.fault("E5")
def test_a_key_that_is_not_utf_8_is_a_usage_error(client: Client) -> None:
    with pytest.raises(UsageError, match="not valid UTF-8"):
        api.get_value(client, SPACE, "a\udcff")


@pytest.mark.fault("E2")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.binary(max_size=500))
def test_a_value_is_returned_byte_for_byte(client: Client, value: bytes) -> None:
    with responses.RequestsMock() as http:
        http.get(f"{KV}/{NAMESPACE}/values/k", body=value, headers={"Content-Length": str(len(value))})

        read = api.get_value(client, SPACE, "k").content()

    assert read == value


@pytest.mark.fault("A7")
def test_a_key_that_the_firewall_refuses_differs_from_a_missing_permission(
    client: Client, http: responses.RequestsMock
) -> None:
    page = "<html><title>Attention Required!</title></html>"
    http.get(f"{KV}/{NAMESPACE}/values/a...", body=page, status=403, content_type="text/html")

    with pytest.raises(ApiError) as error:
        api.get_value(client, SPACE, "a...")

    assert "'a...'" in error.value.hint
    assert len(http.calls) == 1


def test_all_namespaces_are_listed_a_hundred_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    namespaces = [{"id": f"{n:032x}", "title": f"n{n:03}"} for n in range(60)]
    requested = {"page": 1, "per_page": 100, "order": "title"}
    http.get(KV, json=page(namespaces, 1, 100), match=[query_param_matcher(requested)])

    listing = api.list_namespaces(client, ACCOUNT)

    assert list(listing) == namespaces
    assert listing.problem == ""


def test_keys_are_listed_to_the_last_cursor(client: Client, http: responses.RequestsMock) -> None:
    for cursor, names, following in (("", ["a", "b"], "two"), ("two", [], "three"), ("three", ["c"], "")):
        requested = {"limit": 1000, "prefix": "p"} | ({"cursor": cursor} if cursor else {})
        answer = envelope([{"name": name} for name in names], count=len(names), cursor=following)
        http.get(f"{KV}/{NAMESPACE}/keys", json=answer, match=[query_param_matcher(requested)])

    listing = api.list_keys(client, SPACE, prefix="p")

    assert [key["name"] for key in listing] == ["a", "b", "c"]
    assert listing.problem == ""


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(KV, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(api.list_namespaces(client, ACCOUNT))

    assert "Workers KV Storage" in error.value.hint


def test_a_namespace_is_found_by_its_exact_title(client: Client, http: responses.RequestsMock) -> None:
    http.get(KV, json=page([{"id": OTHER, "title": "shop old"}, {"id": NAMESPACE, "title": "shop"}]))

    assert api.find_namespace(client, ACCOUNT, "shop")["id"] == NAMESPACE


def test_a_title_that_two_namespaces_have_lists_both(client: Client, http: responses.RequestsMock) -> None:
    http.get(KV, json=page([{"id": OTHER, "title": "shop"}, {"id": NAMESPACE, "title": "shop"}]))

    with pytest.raises(AmbiguousName) as error:
        api.find_namespace(client, ACCOUNT, "shop")

    assert NAMESPACE in error.value.hint
    assert OTHER in error.value.hint


def test_an_unknown_title_has_a_hint_to_the_list(client: Client, http: responses.RequestsMock) -> None:
    http.get(KV, json=page([]))

    with pytest.raises(NotFound) as error:
        api.find_namespace(client, ACCOUNT, "shop")

    assert "inv kv.list" in error.value.hint


def test_values_are_read_a_hundred_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    names = [f"k{n:03}" for n in range(150)]
    for batch in (names[:100], names[100:]):
        body = {"keys": batch, "type": "text"}
        answer = envelope({"values": {name: f"v{name}" for name in batch}})
        http.post(BULK, json=answer, match=[json_params_matcher(body)])

    found = list(values(client, SPACE, keys(*names)))

    assert [(key["name"], value) for key, value in found] == [(name, b"v" + name.encode()) for name in names]


@pytest.mark.fault("E2")
def test_a_value_that_is_not_utf_8_is_read_alone(client: Client, http: responses.RequestsMock) -> None:
    http.post(BULK, json=envelope({"values": {"text": "é", "bytes": "\ufffd\u0000"}}))
    http.get(f"{KV}/{NAMESPACE}/values/bytes", body=b"\xff\x00")

    found = {key["name"]: value for key, value in values(client, SPACE, keys("text", "bytes"))}

    assert found == {"text": "é".encode(), "bytes": b"\xff\x00"}


def test_a_key_deleted_since_the_listing_is_skipped(client: Client, http: responses.RequestsMock) -> None:
    http.post(BULK, json=envelope({"values": {"gone": None}}))
    http.get(f"{KV}/{NAMESPACE}/values/gone", json=refusal(10009, "key not found"), status=404)

    assert list(values(client, SPACE, keys("gone"))) == []


def test_values_too_large_for_one_response_are_read_in_several(
    client: Client, http: responses.RequestsMock
) -> None:
    too_large = refusal(10030, "Total size of request exceeds the limit of 25MB")
    for names in (["a", "b"], ["b"]):
        matches = [json_params_matcher({"keys": names, "type": "text"})]
        http.post(BULK, json=too_large, status=413, match=matches)
    matches = [json_params_matcher({"keys": ["a"], "type": "text"})]
    http.post(BULK, json=envelope({"values": {"a": "1"}}), match=matches)
    http.get(f"{KV}/{NAMESPACE}/values/b", body=b"2", headers={"Content-Length": "1"})

    found = [value for _, value in values(client, SPACE, keys("a", "b"))]

    assert found == [b"1", b"2"]


@pytest.mark.fault("E2")
def test_a_pair_has_the_form_of_a_bulk_write() -> None:
    key = {"name": "k", "expiration": 2_000_000_000, "metadata": {"a": 1}}

    assert as_pair(key, "é".encode()) == {
        "key": "k", "value": "é", "expiration": 2_000_000_000, "metadata": {"a": 1},
    }  # fmt: skip
    assert as_pair({"name": "k"}, b"\xff") == {"key": "k", "value": "/w==", "base64": True}


def test_the_kinds_list_keys_and_their_values(client: Client, http: responses.RequestsMock) -> None:
    owner = Owner(ACCOUNT, NAMESPACE, {"id": NAMESPACE})
    http.get(f"{KV}/{NAMESPACE}/keys", json=envelope([{"name": "k"}], count=1, cursor=""))
    http.post(BULK, json=envelope({"values": {"k": "v"}}))
    resource = RESOURCES[1]

    listed = list(resource.list(client, owner))

    assert listed == [{"name": "k"}]
    assert resource.values
    assert list(resource.values(client, owner, listed)) == [{"key": "k", "value": "v"}]


@pytest.mark.fault("E2")
def test_binary_values_reach_stdout_unchanged(staged: Sandbox, inv: Any) -> None:
    data = bytes(range(256)) + b"\r\n\x00\x1a"
    namespace = new_namespace(staged, {"k": data})

    result = inv("kv.get", "--namespace", namespace, "--key", "k")

    assert result.code == 0
    assert result.out.encode(errors="surrogateescape") == data


@pytest.mark.parametrize("item", [{}, {"id": NAMESPACE}, {"id": 7, "title": "t"}, {"id": "i", "title": None}])
def test_a_namespace_of_another_shape_is_malformed(
    client: Client, http: responses.RequestsMock, item: Json
) -> None:
    http.get(KV, json=page([item]))

    with pytest.raises(MalformedAnswer, match="not as documented"):
        list(api.list_namespaces(client, ACCOUNT))


@pytest.mark.parametrize("item", [{}, {"name": 7}, {"name": "k", "expiration": "soon"}])
def test_a_key_of_another_shape_is_malformed(
    client: Client, http: responses.RequestsMock, item: Json
) -> None:
    http.get(f"{KV}/{NAMESPACE}/keys", json=envelope([item], count=1))

    with pytest.raises(MalformedAnswer, match="not as documented"):
        list(api.list_keys(client, SPACE))


@pytest.mark.parametrize("result", [{}, [], {"values": []}, {"values": {"k": 7}}, {"values": {"k": ["v"]}}])
def test_a_bulk_get_of_another_shape_is_malformed(
    client: Client, http: responses.RequestsMock, result: Any
) -> None:
    http.post(BULK, json=envelope(result))

    with pytest.raises(MalformedAnswer, match="not as documented"):
        api.get_text_values(client, SPACE, ["k"])


@pytest.mark.fault("A14")
def test_a_value_that_cannot_be_verified_is_marked_incomplete(staged: Sandbox, inv: Any) -> None:
    namespace = new_namespace(staged, {"k": b"whole"})
    staged.faults.add(Fault("no-length", "GET", "*/values/k", times=-1, at=5))
    staged.faults.add(Fault("gone", "POST", "*/bulk/get", times=-1))

    result = inv("kv.get", "--namespace", namespace, "--key", "k")

    assert (result.code, result.out) == (4, "whole")
    assert "may not be the whole value" in result.err


VALUES = [b"0123456789", bytes(range(256)), "größer".encode(), b"\xe2\x82\xac", b"one \xff two"]


@pytest.mark.fault("A14")
@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_unproven_length_is_compared_with_its_json_form(
    staged: Sandbox, inv: Any, value: bytes
) -> None:
    namespace = new_namespace(staged, {"k": value})
    staged.faults.parse(f"no-length GET */values/* at={len(value)} times=-1")

    result = inv("kv.get", "--namespace", namespace, "--key", "k")

    assert (result.code, result.out.encode(errors="surrogateescape")) == (0, value)
    assert [where.rpartition("/")[2] for _, where in staged.requests][-2:] == ["k", "get"]


@pytest.mark.fault("A14")
@pytest.mark.parametrize("value", VALUES)
def test_a_silently_truncated_value_is_marked_incomplete(staged: Sandbox, inv: Any, value: bytes) -> None:
    namespace = new_namespace(staged, {"k": value})
    staged.faults.parse(f"no-length GET */values/* at={len(value) - 1} times=-1")

    result = inv("kv.get", "--namespace", namespace, "--key", "k")

    assert (result.code, result.out.encode(errors="surrogateescape")) == (4, value[:-1])
    assert f"the {len(value) - 1} bytes that were read may not be the whole value" in result.err


@pytest.mark.fault("A14")
@pytest.mark.fault("A14")
def test_a_silently_truncated_binary_value_does_not_count_as_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    namespace = new_namespace(sandbox, {"k": b"\xff" * 10})
    sandbox.faults.parse("no-length GET */values/* at=9")

    with connected(sandbox, tmp_path) as client, pytest.raises(MalformedAnswer, match="key 'k'"):
        list(values(client, Owner(sandbox.account_id, namespace, {}), keys("k")))


@pytest.mark.fault("A14")
def test_a_value_that_ends_within_a_character_cannot_be_proven_whole(staged: Sandbox, inv: Any) -> None:
    namespace = new_namespace(staged, {"k": b"\xe2\x82"})
    staged.faults.parse("no-length GET */values/* at=2 times=-1")

    result = inv("kv.get", "--namespace", namespace, "--key", "k")

    assert result.code == 4


def test_a_value_whose_length_is_proven_is_read_once(staged: Sandbox, inv: Any) -> None:
    namespace = new_namespace(staged, {"k": b"0123456789"})
    before = len(staged.requests)

    inv("kv.get", "--namespace", namespace, "--key", "k", "--account-id", staged.account_id)

    assert [where.rpartition("/")[2] for _, where in staged.requests[before:]] == [namespace, "k"]


def test_keys_are_listed_by_the_name_of_their_namespace(staged: Sandbox, inv: Any) -> None:
    result = inv("kv.keys", "--namespace", "sessions", "--output", "json")

    assert result.code == 0
    assert len(json.loads(result.out)) == 1250


def test_metadata_and_expiry_of_one_key_are_shown(staged: Sandbox, inv: Any) -> None:
    key = json.loads(inv("kv.keys", "--namespace", "sessions", "--limit", "1", "--output", "json").out)[0]

    result = inv("kv.get", "--namespace", "sessions", "--key", key["name"], "--metadata", "--output", "json")

    assert result.code == 0
    shown = json.loads(result.out)
    assert (shown["name"], shown["expiration"]) == (key["name"], key["expiration"])
    assert shown["metadata"] == key.get("metadata")


def test_a_missing_key_is_a_user_error(staged: Sandbox, inv: Any) -> None:
    result = inv("kv.get", "--namespace", "config", "--key", "nothing of this name")

    assert (result.code, result.out) == (1, "")
    assert "key not found (10009)" in result.err
