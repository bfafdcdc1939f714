"""Zones, their settings, DNSSEC and hold."""

from __future__ import annotations

from typing import Any

import pytest

from ops.sandbox.store import zone_id

from .conftest import Api

Bare = tuple[Api, str]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=example.com", ["example.com"]),
        ("name=EXAMPLE.com", ["example.com"]),
        ("name=bücher.example", ["xn--bcher-kva.example"]),
        ("name=example.com,example.org", ["example.com", "example.org"]),
        ("name=contains:xample.", ["example.com", "example.net", "example.org"]),
        ("name=starts_with:m", ["mail.example", "moved.example"]),
        ("name=ends_with:.net", ["example.net"]),
        ("name=example.co", []),
        ("status=pending", ["pending.example"]),
        ("status=pending&name=example.com", []),
        ("status=pending&name=example.com&match=any", ["example.com", "pending.example"]),
        ("type=partial", ["legacy.example"]),
        ("type=internal", ["corp.example"]),
        ("account.name=sandbox account&status=moved", ["moved.example"]),
        (f"account.id={'0' * 32}", []),
        ("order=name&direction=desc&name=ends_with:.org,example.net", ["example.org", "example.net"]),
        ("order=status&direction=desc&status=not_equal:active", ["pending.example", "moved.example"]),
    ],
)
def test_filters_select_zones(api: Api, query: str, names: list[str]) -> None:
    assert [zone["name"] for zone in api.result("GET", f"/zones?{query}")] == names


@pytest.mark.parametrize("query", ["order=age", "direction=up", "match=none"])
def test_an_invalid_list_parameter_is_refused(api: Api, query: str) -> None:
    assert api.refused("GET", f"/zones?{query}") == (400, 1004)


def test_a_new_zone_is_pending_and_has_name_servers(api: Api) -> None:
    body = {"name": "New.Example", "account": {"id": api.sandbox.account_id}}

    made = api.result("POST", "/zones", json=body)

    assert (made["name"], made["status"], made["type"]) == ("new.example", "pending", "full")
    assert len(made["name_servers"]) == 2
    assert api.result("GET", f"/zones/{made['id']}") == made
    assert api.result("GET", f"/zones/{made['id']}/dns_records") == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "example.com"}, (400, 1061)),
        ({"name": "EXAMPLE.com."}, (400, 1061)),
        ({"name": "nodots"}, (400, 1049)),
        ({"name": "under_score.example"}, (400, 1049)),
        ({"type": "odd"}, (400, 1049)),
        ({"account": {"id": "0" * 32}}, (403, 1068)),
        ({"account": None}, (403, 1068)),
    ],
)
def test_an_invalid_zone_is_refused(api: Api, change: dict[str, Any], expected: tuple[int, int]) -> None:
    body = {"name": "new.example", "account": {"id": api.sandbox.account_id}, **change}

    assert api.refused("POST", "/zones", json=body) == expected


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"paused": True}, 200),
        ({"type": "partial"}, 200),
        ({"vanity_name_servers": ["ns1.example.com", "ns2.example.com"]}, 200),
        ({"paused": True, "type": "full"}, 400),
        ({}, 400),
        ({"paused": "yes"}, 400),
        ({"type": "odd"}, 400),
        ({"name": "other.example"}, 400),
        ({"plan": {"id": "0" * 32}}, 400),
    ],
)
def test_only_one_property_of_a_zone_is_changed_at_a_time(
    api: Api, zone: str, change: dict[str, Any], status: int
) -> None:
    answer = api("PATCH", f"/zones/{zone}", json=change)

    assert answer.status_code == status
    for name, value in change.items() if status == 200 else ():
        assert api.result("GET", f"/zones/{zone}")[name] == value


def test_a_free_zone_has_no_vanity_name_servers(bare: Bare) -> None:
    api, zone = bare

    assert (
        api.refused("PATCH", f"/zones/{zone}", json={"vanity_name_servers": ["ns1.free.example"]})[0] == 400
    )


@pytest.mark.fault("B10")
def test_deleting_a_zone_deletes_its_contents(api: Api, zone: str) -> None:
    assert api.result("DELETE", f"/zones/{zone}") == {"id": zone}

    assert api.refused("GET", f"/zones/{zone}") == (404, 1003)
    assert api.refused("GET", f"/zones/{zone}/dns_records") == (404, 1003)
    for left in ("FROM document WHERE owner = ?", "FROM dns_record WHERE zone = ?"):
        assert api.sandbox.store.value(f"SELECT count(*) {left}", (zone,)) == 0


def test_a_zone_on_hold_is_not_deleted(api: Api) -> None:
    shop = zone_id("shop.example")

    assert api.result("GET", f"/zones/{shop}/hold")["hold"] is True
    assert api.result("GET", f"/zones/{zone_id('example.com')}/hold") == {"hold": False}
    assert api.refused("DELETE", f"/zones/{shop}") == (400, 1098)


def test_an_activation_check_is_accepted(api: Api) -> None:
    pending = zone_id("pending.example")

    assert api.result("PUT", f"/zones/{pending}/activation_check") == {"id": pending}


def test_all_settings_are_returned_in_one_response(api: Api, zone: str) -> None:
    settings = {one["id"]: one for one in api.result("GET", f"/zones/{zone}/settings")}

    assert len(settings) > 50
    assert settings["ssl"]["value"] == "strict"
    assert settings["cache_level"] == api.result("GET", f"/zones/{zone}/settings/cache_level")


@pytest.mark.parametrize(
    ("id", "value", "status"),
    [
        ("ssl", "full", 200),
        ("ssl", "fully", 400),
        ("brotli", "off", 200),
        ("brotli", True, 400),
        ("browser_cache_ttl", 7200, 200),
        ("browser_cache_ttl", 7201, 400),
        ("browser_cache_ttl", "7200", 400),
        ("min_tls_version", "1.3", 200),
        ("min_tls_version", 1.3, 400),
        ("ciphers", ["AES128-SHA"], 200),
        ("ciphers", "AES128-SHA", 400),
        ("nel", {"enabled": True}, 200),
        ("nel", {"other": True}, 400),
        ("nel", "on", 400),
        ("security_header", {"strict_transport_security": {"unknown": 1}}, 400),
        ("polish", "lossy", 200),
        ("advanced_ddos", "on", 400),
        ("proxy_read_timeout", 200, 400),
        ("no_such_setting", "on", 404),
    ],
)
def test_a_setting_accepts_only_its_values(api: Api, zone: str, id: str, value: Any, status: int) -> None:
    place = f"/zones/{zone}/settings/{id}"

    answer = api("PATCH", place, json={"value": value})

    assert answer.status_code == status, answer.text
    if status == 200:
        assert api.result("GET", place)["modified_on"] == answer.json()["result"]["modified_on"]


def test_a_setting_that_is_an_object_keeps_its_other_fields(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/settings/security_header"

    changed = api.result("PATCH", place, json={"value": {"strict_transport_security": {"preload": True}}})

    assert changed["value"]["strict_transport_security"] == {
        "enabled": True,
        "max_age": 31536000,
        "include_subdomains": True,
        "preload": True,
        "nosniff": True,
    }


@pytest.mark.parametrize("wrapped", [False, True])
def test_bulk_settings_are_accepted_in_both_forms(api: Api, zone: str, wrapped: bool) -> None:
    items = [{"id": "ssl", "value": "full"}, {"id": "http3", "value": "off"}]

    changed = api.result("PATCH", f"/zones/{zone}/settings", json={"items": items} if wrapped else items)

    assert [(one["id"], one["value"]) for one in changed] == [("ssl", "full"), ("http3", "off")]


def test_bulk_settings_are_atomic(api: Api, zone: str) -> None:
    items = [{"id": "ssl", "value": "full"}, {"id": "http3", "value": "maybe"}]

    assert api.refused("PATCH", f"/zones/{zone}/settings", json=items) == (400, 1007)
    assert api.result("GET", f"/zones/{zone}/settings/ssl")["value"] == "strict"


def test_dnssec_is_turned_on_and_off(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dnssec"

    off = api.result("GET", place)
    on = api.result("PATCH", place, json={"status": "active"})
    again = api.result("PATCH", place, json={"status": "active"})

    assert (off["status"], off["ds"]) == ("disabled", None)
    assert (on["status"], on["algorithm"]) == ("pending", "13")
    assert on["ds"] == f"free.example. 3600 IN DS {on['key_tag']} 13 2 {on['digest']}"
    assert again == on
    assert api.result("PATCH", place, json={"status": "disabled"})["status"] == "disabled"


def test_active_dnssec_cannot_be_deleted(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/dnssec"

    assert api.refused("DELETE", place)[0] == 400
    assert api.result("PATCH", place, json={"status": "disabled"})["status"] == "pending-disabled"
    assert api.result("DELETE", place) == ""
    assert api.result("GET", place)["status"] == "disabled"
    assert api.refused("PATCH", place, json={"status": "maybe"}) == (400, 9207)
