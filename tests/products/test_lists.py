"""Lists that rules name, and their items."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from ops.errors import ApiError, UsageError
from ops.http.client import Client
from ops.kinds.resource import Change, Owner
from ops.products.lists import api
from ops.products.lists.resources import ITEM
from ops.sandbox.routes.nested import ITEMS as LIST_ITEMS
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope
from tests.products.writing import written

Inv = Callable[..., Result]

ACCOUNT, LIST = "a" * 32, "b" * 32
OWNER = Owner(ACCOUNT, LIST, {})
ITEMS = f"{API}/accounts/{ACCOUNT}/rules/lists/{LIST}/items"
OPERATION = f"{API}/accounts/{ACCOUNT}/rules/lists/bulk_operations/op"


def test_items_are_written_with_one_request_that_is_awaited(
    client: Client, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(client, "pause", lambda seconds, _why: waited.append(seconds))
    http.post(ITEMS, json=envelope({"operation_id": "op"}))
    http.get(OPERATION, json=envelope({"status": "running"}))
    http.get(OPERATION, json=envelope({"status": "completed"}))
    http.get(ITEMS, json=envelope([{"id": "1", "ip": "192.0.2.1"}, {"id": "2", "asn": 64496}]))

    wanted = [{"ip": "192.0.2.1", "id": "old", "modified_on": "x"}, {"asn": 64496}]
    made = api.change_items(client, OWNER, [Change(ITEM, OWNER, None, one) for one in wanted])

    assert [item and item["id"] for item in made] == ["1", "2"]
    assert http.calls[0].request.body == b'[{"ip": "192.0.2.1"}, {"asn": 64496}]'
    assert waited == [api.PAUSE]


def test_a_change_that_fails_later_is_an_error(client: Client, http: responses.RequestsMock) -> None:
    http.delete(ITEMS, json=envelope({"operation_id": "op"}))
    http.get(OPERATION, json=envelope({"status": "failed", "error": "too many items"}))

    with pytest.raises(ApiError, match="too many items"):
        api.change_items(client, OWNER, [Change(ITEM, OWNER, {"id": "1", "ip": "192.0.2.1"}, None)])


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ({"ip": "192.0.2.1"}, "192.0.2.1"),
        ({"asn": 64496}, "64496"),
        ({"hostname": {"url_hostname": "a.example"}}, "a.example"),
        ({"redirect": {"source_url": "a.example/x"}}, "a.example/x"),
    ],
)
def test_an_item_is_known_by_what_it_is(item: dict[str, object], value: str) -> None:
    assert api.value_of(item) == value


def items(inv: Inv, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(inv("lists.items", "--list", name, "--output", "json").out)
    return found


def test_new_items_are_added_in_one_request_and_known_ones_stay(staged: Sandbox, inv: Inv) -> None:
    line = ("--item", "192.0.2.1", "--item", "192.0.2.7", "--item", "198.51.100.0/24", "--item", "192.0.2.7")

    added = inv("lists.item-add", "--list", "blocked", *line)

    assert added.code == 0, added.err
    assert [method for method, _ in written(staged)] == ["POST"]
    assert {one["ip"] for one in items(inv, "blocked")} == {
        *("192.0.2.1", "192.0.2.0/28", "192.0.2.7", "198.51.100.0/24"),
    }


def test_a_comment_of_an_item_is_changed_and_the_undo_changes_it_back(staged: Sandbox, inv: Inv) -> None:
    changed = inv("lists.item-add", "--list", "blocked", "--item", "192.0.2.1", "--comment", "scanner")
    between = {one["ip"]: one["comment"] for one in items(inv, "blocked")}
    undone = inv("undo.last", "--yes")

    assert changed.code == 0, changed.err
    assert between["192.0.2.1"] == "scanner"
    assert undone.code == 0, undone.err
    assert {one["comment"] for one in items(inv, "blocked")} == {""}


@pytest.mark.parametrize(
    ("kind", "text", "item"),
    [
        ("asn", "AS64496", {"asn": 64496}),
        ("hostname", "a.example", {"hostname": {"url_hostname": "a.example"}}),
    ],
)
def test_an_item_has_the_form_of_its_list(
    staged: Sandbox, inv: Inv, kind: str, text: str, item: dict[str, Any]
) -> None:
    assert inv("lists.create", "--list", "fresh", "--kind", kind).code == 0

    added = inv("lists.item-add", "--list", "fresh", "--item", text)

    assert added.code == 0, added.err
    assert {**items(inv, "fresh")[0], **item} == items(inv, "fresh")[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("item-add --list moved --item a.example/x", "--to URL"),
        ("item-add --list blocked --item 192.0.2.9 --to https://a.example/", "has no redirects"),
        ("item-remove --list blocked --item 192.0.2.2", "blocked has no item '192.0.2.2'"),
        ("item-remove --list blockd --item 192.0.2.1", "did you mean blocked?"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_write(
    staged: Sandbox, inv: Inv, line: str, words: str
) -> None:
    result = inv(*f"lists.{line}".split(), "--yes")

    assert result.code == 1
    assert words in result.err
    assert written(staged) == []


def test_the_number_of_an_as_has_digits_only() -> None:
    with pytest.raises(UsageError):
        api.item_of("asn", "ASx", "", 0)


def test_a_list_that_was_not_read_to_its_end_is_not_changed(staged: Sandbox, inv: Inv) -> None:
    for n in range(600):
        item = {"id": f"{n:032}", "ip": f"10.0.{n // 256}.{n % 256}"}
        list_id = items_owner(staged)
        staged.store.put_document(LIST_ITEMS, list_id, item["id"], item, sort=item["ip"])
    staged.faults.parse("same-page-forever GET */items* times=-1")

    result = inv("lists.item-add", "--list", "blocked", "--item", "192.0.2.9")

    assert result.code == 4
    assert "could not be listed completely" in result.err
    assert written(staged) == []


def items_owner(sandbox: Sandbox) -> str:
    owner: str = sandbox.store.value("SELECT owner FROM document WHERE kind = ?", (LIST_ITEMS,))
    return owner


def test_a_dry_run_adds_items_to_a_list_that_it_would_create(staged: Sandbox, inv: Inv) -> None:
    result = inv(
        *("--dry", "lists.create", "--list", "fresh", "--kind", "ip"),
        *("lists.item-add", "--list", "fresh", "--item", "192.0.2.9"),
    )

    assert result.code == 0, result.err
    assert "create lists.item 192.0.2.9" in result.err
    assert written(staged) == []
