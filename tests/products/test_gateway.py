"""Items of Gateway's lists."""

from __future__ import annotations

import json

import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Change, Owner
from ops.products.gateway import api
from tests.conftest import API
from tests.products.answers import envelope, page

ACCOUNT, LIST = "a" * 32, "b" * 32
URL = f"{API}/accounts/{ACCOUNT}/gateway/lists/{LIST}"


def test_items_are_appended_and_removed_in_one_request(client: Client, http: responses.RequestsMock) -> None:
    owner, resource = Owner(ACCOUNT, LIST, {}), kinds()["gateway.list_item"]
    http.patch(URL, json=envelope({"id": LIST}))
    http.get(f"{URL}/items", json=page([{"value": "new.example"}], 1, 1000))
    changes = [
        Change(resource, owner, None, {"value": "new.example", "description": "d", "created_at": "x"}),
        Change(resource, owner, {"value": "old.example"}, None),
    ]

    made = api.change_items(client, owner, changes)

    assert made == [{"value": "new.example"}, None]
    assert json.loads(http.calls[0].request.body or "") == {
        "append": [{"value": "new.example", "description": "d"}],
        "remove": ["old.example"],
    }
