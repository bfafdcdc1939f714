"""The lookup of records that exist, or would, and how many requests it takes."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from ops.http.client import Client
from ops.products.dns.writes import MANY, find_record, find_records
from tests.products.answers import page, refusal
from tests.products.dns.test_requests import LIVE, URL, ZONE

Json = dict[str, Any]


def record(number: int, **more: Any) -> Json:
    return LIVE | {"id": f"{number:032x}", "name": f"n{number}.example.com", **more}


def test_a_record_is_found_by_its_id_or_else_by_its_rdata(
    client: Client, http: responses.RequestsMock
) -> None:
    again = LIVE | {"id": "b" * 32, "name": "WWW.example.com"}
    http.get(f"{URL}/{LIVE['id']}", json=refusal(81044, "Record does not exist."), status=404)
    http.get(URL, json=page([LIVE | {"id": "c" * 32, "content": "192.0.2.2"}, again]))

    found = find_record(client, ZONE, LIVE)

    assert found == LIVE | {"id": "b" * 32}


def test_few_records_are_requested_one_by_one(client: Client, http: responses.RequestsMock) -> None:
    few = [record(number) for number in range(MANY - 1)]
    for item in few:
        http.get(f"{URL}/{item['id']}", json={"success": True, "result": item})

    assert find_records(client, ZONE, few) == few


def test_many_records_are_found_with_one_listing(client: Client, http: responses.RequestsMock) -> None:
    items = [record(number) for number in range(MANY)]
    gone, moved, respelled = items[0], items[1], items[2]
    again = moved | {"id": "b" * 32, "name": "N1.example.com"}
    other = gone | {"id": "c" * 32, "content": "192.0.2.200"}
    respelled = respelled | {"comment": "", "ttl": 60}
    http.get(URL, json=page([other, record(99), again, respelled, *items[3:]]))

    found = find_records(client, ZONE, items)

    assert found == [None, moved | {"id": "b" * 32}, respelled, *items[3:]]
    assert len(http.calls) == 1


@pytest.mark.fault("B2")
def test_an_incomplete_listing_does_not_prove_an_absence(
    client: Client, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [record(number) for number in range(MANY)]
    http.get(URL, json=page(items[1:]))
    for item in items:
        http.get(f"{URL}/{item['id']}", json={"success": True, "result": item})
    monkeypatch.setattr("ops.http.pages.Listing.problem", "it changed while it was read")

    assert find_records(client, ZONE, items) == items


def test_a_record_without_an_id_is_found_among_many(client: Client, http: responses.RequestsMock) -> None:
    items = [record(number) for number in range(MANY)]
    bare = {name: items[5][name] for name in ("name", "type", "content", "ttl")}
    http.get(URL, json=page(items))

    found = find_records(client, ZONE, [bare, *items[1:]])[0]

    assert found is not None
    assert found["id"] == items[5]["id"]
