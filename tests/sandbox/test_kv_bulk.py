"""Workers KV in the sandbox: bulk writes, deletes and reads."""

from __future__ import annotations

import base64

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.seed_workers import EXPIRES

from .conftest import Api
from .kv_calls import names, value

MIB = 1024 * 1024


@pytest.fixture
def space(api: Api) -> str:
    """Return the path of an empty namespace."""
    spaces = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces"
    made = api.result("POST", spaces, json={"title": "empty"})
    return f"{spaces}/{made['id']}"


def test_a_bulk_write_accepts_text_bytes_metadata_and_expiration(api: Api, space: str) -> None:
    pairs = [
        {"key": "text", "value": "é"},
        {"key": "bytes", "value": base64.b64encode(bytes(range(256))).decode(), "base64": True},
        {"key": "more", "value": "v", "metadata": {"n": 1}, "expiration": EXPIRES},
    ]

    done = api.result("PUT", f"{space}/bulk", json=pairs)

    assert done == {"successful_key_count": 3, "unsuccessful_keys": []}
    assert api("GET", value(space, "text")).content == "é".encode()
    assert api("GET", value(space, "bytes")).content == bytes(range(256))
    assert api.result("GET", f"{space}/keys", params={"prefix": "more"}) == [
        {"name": "more", "expiration": EXPIRES, "metadata": {"n": 1}}
    ]


@pytest.mark.parametrize(
    ("pair", "refusal"),
    [
        ({"key": "k"}, (400, 9207)),
        ({"key": "k", "value": 1}, (400, 9207)),
        ("k", (400, 9207)),
        ({"value": "v"}, (400, 10022)),
        ({"key": "", "value": "v"}, (400, 10022)),
        ({"key": ".", "value": "v"}, (400, 10022)),
        ({"key": "..", "value": "v"}, (400, 10022)),
        ({"key": "\ud800", "value": "v"}, (400, 10022)),
        ({"key": "x" * 513, "value": "v"}, (414, 10022)),
        ({"key": "k", "value": "!", "base64": True}, (400, 10024)),
        ({"key": "k", "value": "v", "expiration_ttl": 59}, (400, 10024)),
        ({"key": "k", "value": "v", "expiration": True}, (400, 10024)),
        ({"key": "k", "value": "v", "metadata": "x" * 1023}, (413, 10024)),
    ],
)
def test_one_bad_pair_refuses_a_bulk_write(
    api: Api, space: str, pair: object, refusal: tuple[int, int]
) -> None:
    assert api.refused("PUT", f"{space}/bulk", json=[{"key": "good", "value": "v"}, pair]) == refusal
    assert names(api, space) == []


def test_a_bulk_call_accepts_ten_thousand_keys(api: Api, space: str) -> None:
    pairs = [{"key": f"k{number:05}", "value": "v"} for number in range(10_000)]

    api.result("PUT", f"{space}/bulk", json=pairs)

    assert len(names(api, space)) == 10_000
    assert api.refused("PUT", f"{space}/bulk", json=[*pairs, {"key": "x", "value": "v"}]) == (400, 10030)
    assert api.refused("POST", f"{space}/bulk/delete", json=["k"] * 10_001) == (400, 10030)
    assert api.refused("PUT", f"{space}/bulk", json=[]) == (400, 9207)


@pytest.mark.parametrize("call", [("POST", "/bulk/delete"), ("DELETE", "/bulk")])
def test_both_forms_of_bulk_delete_delete(api: Api, space: str, call: tuple[str, str]) -> None:
    for name in ("a", "b", "c"):
        api.result("PUT", value(space, name), data=b"v")

    done = api.result(call[0], space + call[1], json=["a", "b", "absent"])

    assert done == {"successful_key_count": 3, "unsuccessful_keys": []}
    assert names(api, space) == ["c"]


def test_a_bulk_call_may_fail_for_some_keys(api: Api, space: str) -> None:
    api.sandbox.faults.add(Fault("partial-bulk", "PUT", "*/bulk", keys=2))

    done = api.result("PUT", f"{space}/bulk", json=[{"key": name, "value": "v"} for name in "abc"])

    assert done == {"successful_key_count": 1, "unsuccessful_keys": ["b", "c"]}
    assert names(api, space) == ["a"]


def test_a_bulk_read_returns_null_for_unknown_keys_and_replaces_invalid_bytes(api: Api, space: str) -> None:
    api.result("PUT", value(space, "text"), data="é".encode())
    api.result("PUT", value(space, "bytes"), data=b"\xff\x00a")

    found = api.result("POST", f"{space}/bulk/get", json={"keys": ["text", "bytes", "absent"]})

    assert found == {"values": {"text": "é", "bytes": "\ufffd\x00a", "absent": None}}


def test_a_bulk_read_can_include_metadata_and_expiration(api: Api, space: str) -> None:
    form = {"value": (None, '{"a": 1}'), "metadata": (None, "[1]")}
    api.result("PUT", value(space, "k"), files=form, params={"expiration": EXPIRES})
    body = {"keys": ["k", "absent"], "type": "json", "withMetadata": True}

    found = api.result("POST", f"{space}/bulk/get", json=body)

    assert found["values"] == {
        "k": {"value": {"a": 1}, "metadata": [1], "expiration": EXPIRES},
        "absent": None,
    }


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"keys": []}, (400, 9207)),
        ({"keys": "k"}, (400, 9207)),
        ({"keys": ["k"], "type": "arrayBuffer"}, (400, 9207)),
        ({"keys": ["k"] * 101}, (400, 10030)),
        ({"keys": [""]}, (400, 10022)),
        ({"keys": ["k"], "type": "json"}, (400, 10024)),
    ],
)
def test_an_invalid_bulk_read_is_refused(
    api: Api, space: str, body: dict[str, object], refusal: tuple[int, int]
) -> None:
    api.result("PUT", value(space, "k"), data=b"no json")

    assert api.refused("POST", f"{space}/bulk/get", json=body) == refusal
