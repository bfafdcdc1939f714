"""How a zone caches."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.cache import api
from ops.products.cache.resources import RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, refusal

ZONE, ACCOUNT = "1" * 32, "a" * 32
URLS = {part: f"{API}/zones/{ZONE}/{where}" for part, where in api.PARTS.items()}
OWNER = Owner(ACCOUNT, ZONE, {"id": ZONE})


def test_only_settings_that_control_caching_are_returned(
    client: Client, http: responses.RequestsMock
) -> None:
    settings = [{"id": "ssl", "value": "full"}, {"id": "cache_level", "value": "basic"}]
    http.get(f"{API}/zones/{ZONE}/settings", json=envelope(settings))

    assert list(api.list_settings(client, ZONE)) == [{"id": "cache_level", "value": "basic"}]


def test_a_part_has_its_id_even_if_the_response_has_none(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URLS["variants"], json=envelope({"value": {"avif": ["image/webp"]}}))

    assert api.get_part(client, ZONE, "variants") == {"id": "variants", "value": {"avif": ["image/webp"]}}


def test_the_kind_lists_every_part(client: Client, http: responses.RequestsMock) -> None:
    for part, url in URLS.items():
        http.get(url, json=envelope({"id": part, "value": "on"}))

    items = list(RESOURCES[0].list(client, OWNER))

    assert items == [{"id": part, "value": "on"} for part in api.PARTS]


@pytest.mark.fault("A26")
def test_a_part_that_the_plan_lacks_does_not_hide_the_others(
    client: Client, http: responses.RequestsMock
) -> None:
    for part, url in URLS.items():
        if part == "cache_reserve":
            http.get(url, json=refusal(1142, "Cache Reserve has never been cleared"), status=400)
        else:
            http.get(url, json=envelope({"id": part, "value": "on"}))

    items = list(RESOURCES[0].list(client, OWNER))

    assert items[0] == {"id": "cache_reserve", "available": False}
    assert len(items) == len(api.PARTS)


@pytest.mark.fault("A25")
def test_a_denied_part_ends_the_listing_and_is_not_left_out(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URLS["cache_reserve"], json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Zone Settings" in error.value.hint


def test_the_command_shows_every_part(staged: Sandbox, inv: Any) -> None:
    result = inv("cache.settings", "--zone", "example.com", "--output", "json")

    rows = {row["id"]: row for row in json.loads(result.out)}
    assert result.code == 0
    assert {"cache_level", "browser_cache_ttl", "development_mode", "always_online", *api.PARTS} <= set(rows)
    assert rows["tiered_caching"]["value"] in ("on", "off")


@pytest.mark.fault("A25")
def test_a_denied_part_is_marked_and_the_others_shown(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET */cache/cache_reserve times=-1")

    result = inv("cache.settings", "--zone", "example.com", "--output", "json")

    rows = {row["id"]: row["status"] for row in json.loads(result.out)}
    assert result.code == 4
    assert (rows["cache_reserve"], rows["cache_level"]) == ("denied", "complete")
    assert "cache_reserve: denied" in result.err


@pytest.mark.fault("A26")
def test_a_part_that_the_plan_lacks_does_not_make_the_result_incomplete(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("gone GET */argo/tiered_caching times=-1")

    result = inv("cache.settings", "--zone", "example.com", "--output", "json")

    assert result.code == 0
    assert {row["id"]: row["status"] for row in json.loads(result.out)}["tiered_caching"] == "unavailable"


@pytest.mark.fault("A26")
@pytest.mark.parametrize("path", ["*/settings", "*/cache/*", "*/zones/*/*"])
def test_parts_that_were_answered_400_make_the_result_incomplete(
    staged: Sandbox, inv: Any, path: str
) -> None:
    staged.faults.parse(f"gone GET {path} times=-1 status=400")

    result = inv("cache.settings", "--zone", "shop.example", "--output", "json")

    statuses = {row["id"]: row["status"] for row in json.loads(result.out)}
    assert result.code == 4
    assert "failed" in statuses.values()
    assert "unavailable" not in statuses.values()


def test_settings_of_a_zone_that_were_not_found_make_the_result_incomplete(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("gone GET */zones/*/* times=-1")

    result = inv("cache.settings", "--zone", "example.com", "--output", "json")

    assert result.code == 4
    assert "zone settings: failed" in result.err


@pytest.mark.fault("A26")
def test_a_part_that_was_never_used_does_not_make_the_result_incomplete(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("gone GET */cache/cache_reserve times=-1 status=400 code=1142")

    result = inv("cache.settings", "--zone", "example.com", "--output", "json")

    assert result.code == 0
    assert {row["id"]: row["status"] for row in json.loads(result.out)}["cache_reserve"] == "unavailable"
