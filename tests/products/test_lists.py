"""Lists that rules name, and their items."""

from __future__ import annotations

import pytest
import responses

from ops.errors import ApiError
from ops.http.client import Client
from ops.kinds.resource import Change, Owner
from ops.products.lists import api
from ops.products.lists.resources import ITEM
from tests.conftest import API
from tests.products.answers import envelope

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
