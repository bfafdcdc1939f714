"""The items of a zone besides DNS: certificates, cache, rules, Worker routes."""

from __future__ import annotations

from typing import Any

import pytest

from ops.sandbox.store import zone_id

from .conftest import Api


def test_only_active_packs_are_listed_by_default(api: Api) -> None:
    place = f"/zones/{zone_id('mail.example')}/ssl/certificate_packs"

    active = [pack["status"] for pack in api.result("GET", place)]
    every = [pack["status"] for pack in api.result("GET", f"{place}?status=all")]

    assert active == ["active"]
    assert sorted(every) == ["active", "validation_timed_out"]
    assert api.refused("GET", f"{place}?status=active")[0] == 400


def test_a_pack_is_found_by_its_uuid(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/ssl/certificate_packs"
    pack = api.result("GET", place)[0]

    assert api.result("GET", f"{place}/{pack['id']}") == pack
    assert api.refused("GET", f"{place}/{'0' * 8}-0000-4000-8000-{'0' * 12}") == (404, 1001)
    assert api.refused("GET", f"{place}/nonsense") == (404, 7003)


def test_the_quota_counts_advanced_packs(api: Api) -> None:
    quota = api.result("GET", f"/zones/{zone_id('shop.example')}/ssl/certificate_packs/quota")

    assert quota == {"advanced": {"allocated": 100, "used": 2}}


def test_turning_universal_ssl_off_deletes_its_certificates(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/ssl/universal/settings"

    assert api.result("PATCH", place, json={"enabled": False})["enabled"] is False

    assert [pack["type"] for pack in api.result("GET", f"/zones/{zone}/ssl/certificate_packs")] == [
        "advanced"
    ]
    assert api.refused("PATCH", place, json={"enabled": "no"}) == (400, 9207)


def test_verification_has_no_envelope(api: Api) -> None:
    body = api("GET", f"/zones/{zone_id('mail.example')}/ssl/verification").json()

    assert set(body) == {"result"}
    assert {one["certificate_status"] for one in body["result"]} == {"active", "timing_out"}


def test_custom_certificates_and_hostnames_are_listed(api: Api) -> None:
    place = f"/zones/{zone_id('shop.example')}"

    certificates = api.result("GET", f"{place}/custom_certificates")
    hostnames = api.result("GET", f"{place}/custom_hostnames")
    found = api.result("GET", f"{place}/custom_hostnames?hostname=store.example")

    assert api.result("GET", f"{place}/custom_certificates/{certificates[0]['id']}") == certificates[0]
    assert api.result("GET", f"{place}/custom_certificates?status=expired") == []
    assert [one["status"] for one in hostnames] == ["blocked", "active", "pending"]
    assert [one["hostname"] for one in found] == ["store.example.org"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"purge_everything": True}, 200),
        ({"files": ["https://www.example.com/a.css"]}, 200),
        ({"files": [{"url": "https://example.com/", "headers": {"CF-Device-Type": "mobile"}}]}, 200),
        ({"tags": ["a", "b"]}, 200),
        ({"hosts": ["www.example.com"]}, 200),
        ({"prefixes": ["www.example.com/foo"]}, 200),
        ({"tags": [f"t{number}" for number in range(100)]}, 200),
        ({"tags": [f"t{number}" for number in range(101)]}, 400),
        ({"files": ["https://www.example.org/a.css"]}, 400),
        ({"files": ["https://notexample.com/a.css"]}, 400),
        ({"files": ["www.example.com/a.css"]}, 400),
        ({"hosts": ["www.example.org"]}, 400),
        ({"prefixes": ["https://www.example.com/foo"]}, 400),
        ({"prefixes": ["www.example.com/foo?a=b"]}, 400),
        ({"purge_everything": False}, 400),
        ({"purge_everything": "yes"}, 400),
        ({"purge_everything": True, "tags": ["a"]}, 400),
        ({"tags": []}, 400),
        ({"tags": "a"}, 400),
        ({"unknown": ["a"]}, 400),
        ({}, 400),
    ],
)
def test_a_purge_has_exactly_one_rule_of_this_zone(
    api: Api, zone: str, body: dict[str, Any], status: int
) -> None:
    answer = api("POST", f"/zones/{zone}/purge_cache", json=body)

    assert answer.status_code == status, answer.text
    assert status != 200 or answer.json()["result"] == {"id": zone}


def test_an_enterprise_zone_purges_five_hundred_files(api: Api) -> None:
    shop = zone_id("shop.example")
    files = [f"https://shop.example/{number}" for number in range(501)]

    statuses = [
        api("POST", f"/zones/{shop}/purge_cache", json={"files": files[:most]}).status_code
        for most in (500, 501)
    ]

    assert statuses == [200, 400]


@pytest.mark.parametrize(
    "name",
    [
        "cache/cache_reserve",
        "cache/regional_tiered_cache",
        "cache/tiered_cache_smart_topology_enable",
        "argo/tiered_caching",
    ],
)
def test_a_cache_switch_is_on_or_off(api: Api, name: str) -> None:
    place = f"/zones/{zone_id('example.org')}/{name}"

    first = api.result("GET", place)
    changed = api.result("PATCH", place, json={"value": "on"})

    assert (first["value"], changed["value"]) == ("off", "on")
    assert api.result("GET", place) == changed
    assert api.refused("PATCH", place, json={"value": True}) == (400, 1007)


def test_smart_tiering_can_be_deleted(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/cache/tiered_cache_smart_topology_enable"

    assert api.result("GET", place)["value"] == "on"
    assert api.result("DELETE", place)["value"] == "off"
    assert api.result("GET", place)["value"] == "off"


def test_variants_that_were_never_set_are_not_found(api: Api) -> None:
    place = f"/zones/{zone_id('example.org')}/cache/variants"

    assert api.refused("GET", place)[0] == 404
    assert api.refused("PATCH", place, json={"value": {"exe": ["a"]}}) == (400, 1007)
    assert api.result("PATCH", place, json={"value": {"png": ["image/webp"]}})["value"] == {
        "png": ["image/webp"]
    }
    assert api.result("DELETE", place)["id"] == "variants"
    assert api.refused("GET", place)[0] == 404


def test_page_rules_are_ordered_and_filtered(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/pagerules"

    assert [rule["priority"] for rule in api.result("GET", place)] == [2, 1]
    assert [rule["priority"] for rule in api.result("GET", f"{place}?direction=asc")] == [1, 2]
    assert api.result("GET", f"{place}?status=disabled") == []
    assert api.refused("GET", f"{place}?order=age")[0] == 400


def test_a_single_ruleset_has_its_rules(api: Api, zone: str) -> None:
    listed = api.result("GET", f"/zones/{zone}/rulesets")[0]

    whole = api.result("GET", f"/zones/{zone}/rulesets/{listed['id']}")

    assert whole["rules"]
    assert {name: whole[name] for name in listed} == listed
    assert api.refused("GET", f"/zones/{zone}/rulesets/{'0' * 32}")[0] == 404


def test_a_load_balancer_refers_to_pools_of_the_account(api: Api) -> None:
    (balancer,) = api.result("GET", f"/zones/{zone_id('shop.example')}/load_balancers")
    pools = api.result("GET", f"/accounts/{api.sandbox.account_id}/load_balancers/pools")

    assert set(balancer["default_pools"]) <= {pool["id"] for pool in pools}


def test_routes_are_created_changed_and_deleted(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/workers/routes"

    made = api.result("POST", place, json={"pattern": "new.example.com/*", "script": "redirects"})
    changed = api.result("PUT", f"{place}/{made['id']}", json={"pattern": "newer.example.com/*"})

    assert api.result("GET", f"{place}/{made['id']}") == changed
    assert changed == {"id": made["id"], "pattern": "newer.example.com/*"}
    assert api.result("DELETE", f"{place}/{made['id']}") == {"id": made["id"]}
    assert api.refused("DELETE", f"{place}/{made['id']}") == (404, 10008)
    assert api.refused("GET", f"{place}/{made['id']}") == (404, 10008)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"pattern": "api.example.com/*"}, (409, 10020)),
        ({"pattern": "api.example.org/*"}, (400, 10022)),
        ({"pattern": "notexample.com/*"}, (400, 10022)),
        ({"script": "redirects"}, (400, 10022)),
        ({"pattern": "x.example.com/*", "script": "Not A Name"}, (400, 10016)),
        ({"pattern": "x.example.com/*", "script": "no-such-script"}, (404, 10007)),
    ],
)
def test_an_invalid_route_is_refused(
    api: Api, zone: str, route: dict[str, str], expected: tuple[int, int]
) -> None:
    assert api.refused("POST", f"/zones/{zone}/workers/routes", json=route) == expected


@pytest.mark.parametrize(
    "pattern", ["example.com/x", "*.example.com/x", "*example.com/x", "https://a.example.com/x"]
)
def test_patterns_of_the_zone_are_accepted(api: Api, zone: str, pattern: str) -> None:
    assert (
        api.result("POST", f"/zones/{zone}/workers/routes", json={"pattern": pattern})["pattern"] == pattern
    )
