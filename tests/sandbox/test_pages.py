"""Pages and cursors: bounds, the last page, expiry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.sandbox.seed import scale_namespace, seed_scale
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id

from .conftest import Api, Clock


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        ("/zones", 5, 50),
        ("/accounts", 5, 50),
        ("/zones/{z}/ssl/certificate_packs", 5, 50),
        ("/zones/{z}/custom_certificates", 5, 50),
        ("/zones/{z}/custom_hostnames", 5, 50),
        ("/zones/{z}/dns_records", 1, 5_000_000),
    ],
)
def test_per_page_is_clamped_to_its_bounds_and_echoed(
    api: Api, zone: str, path: str, low: int, high: int
) -> None:
    place = path.format(z=zone)

    sizes = (-1, low - 1, low, high, high + 1, 10**30)
    pages = [api("GET", f"{place}?per_page={size}").json() for size in sizes]

    assert [page["result_info"]["per_page"] for page in pages] == [low, low, low, high, high, high]
    assert all(len(page["result"]) == page["result_info"]["count"] <= high for page in pages)


def test_a_page_size_that_is_not_a_number_is_refused(api: Api) -> None:
    assert api.refused("GET", "/zones?per_page=many") == (400, 1004)


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "0", "\u0661", "9" * 5000])
def test_a_page_that_is_not_a_number_is_refused(api: Api, value: str) -> None:
    assert api.refused("GET", f"/zones?page={value}") == (400, 1004)


def test_pages_cover_the_list_once(api: Api) -> None:
    place = f"/zones/{zone_id('example.net')}/dns_records?per_page=50"

    pages = [api("GET", f"{place}&page={page}").json() for page in (1, 2, 3, 4)]

    ids = [record["id"] for page in pages for record in page["result"]]
    assert [page["result_info"]["count"] for page in pages] == [50, 50, 32, 0]
    assert pages[0]["result_info"]["total_count"] == len(ids) == len(set(ids)) == 132
    assert pages[0]["result_info"]["total_pages"] == 3


def test_the_default_page_has_a_hundred_records(api: Api) -> None:
    info = api("GET", f"/zones/{zone_id('example.net')}/dns_records").json()["result_info"]

    assert (info["per_page"], info["count"], info["total_count"]) == (100, 100, 132)


def test_a_flat_cursor_walks_all_keys_in_order(start: Callable[..., Sandbox]) -> None:
    api = Api(start(quota=None))
    seed_scale(api.sandbox.store, zones=0, records=0, keys=25)
    place = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{scale_namespace(1)}/keys"

    names: list[str] = []
    cursor, counts = "", []
    while cursor or not names:
        body = api("GET", place, params={"limit": 10, "cursor": cursor}).json()
        names += [key["name"] for key in body["result"]]
        cursor = body["result_info"]["cursor"]
        counts.append(body["result_info"]["count"])

    assert names == [f"key-{number:08}" for number in range(1, 26)]
    assert counts == [10, 10, 5]


def test_a_nested_cursor_walks_all_rulesets(api: Api, zone: str) -> None:
    ids: list[str] = []
    after = ""
    while after or not ids:
        body = api("GET", f"/zones/{zone}/rulesets", params={"per_page": 2, "cursor": after}).json()
        ids += [ruleset["id"] for ruleset in body["result"]]
        after = body["result_info"].get("cursors", {}).get("after", "")
        assert "rules" not in body["result"][0]

    assert len(ids) == len(set(ids)) == 4


def test_a_cursor_belongs_to_its_list(api: Api, zone: str) -> None:
    cursor = api("GET", f"/zones/{zone}/rulesets?per_page=1").json()["result_info"]["cursors"]["after"]
    other = f"/zones/{zone_id('shop.example')}/rulesets"

    assert api.refused("GET", other, params={"cursor": cursor})[0] == 400
    assert api.refused("GET", other, params={"cursor": "garbage"})[0] == 400


def test_a_cursor_expires(start: Callable[..., Sandbox], clock: Clock, zone: str) -> None:
    api = Api(start(clock=clock))
    place = f"/zones/{zone}/rulesets?per_page=1"
    cursor = api("GET", place).json()["result_info"]["cursors"]["after"]

    clock.time += 3599
    fresh = api("GET", place, params={"cursor": cursor}).status_code
    clock.time += 2
    stale = api("GET", place, params={"cursor": cursor}).status_code

    assert (fresh, stale) == (200, 400)
