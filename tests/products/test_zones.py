# ruff: noqa: RUF001 (the table is about similar letters)
"""Zones, the lookup of a zone by its domain, and what is shown of a zone."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import AmbiguousName, MalformedAnswer, NotFound, PermissionDenied, UsageError
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.zones import api
from ops.products.zones.parts import attempt
from ops.products.zones.resources import RESOURCES
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal

ZONE, OTHER, ACCOUNT = "1" * 32, "2" * 32, "a" * 32

# What people write, and the name of the zone in the API.
NAMES = [
    ("example.com", "example.com"),
    ("EXAMPLE.com", "example.com"),
    ("Example.Com.", "example.com"),
    ("example.com.", "example.com"),
    ("www.example.com", "www.example.com"),
    ("*.example.com", "*.example.com"),
    ("_dmarc.example.com", "_dmarc.example.com"),
    ("_sip._tcp.Example.com", "_sip._tcp.example.com"),
    ("@", "@"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("Bücher.Example.", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),
    ("www.bücher.example", "www.xn--bcher-kva.example"),
    ("*.bücher.example", "*.xn--bcher-kva.example"),
    ("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"),
    ("straße.example", "xn--strae-oqa.example"),
    ("faß.example", "xn--fa-hia.example"),
    ("日本語.example", "xn--wgv71a119e.example"),
    ("日本語。example", "xn--wgv71a119e.example"),
    ("ｅｘａｍｐｌｅ.com", "example.com"),
    ("café.example", "xn--caf-dma.example"),
    ("пример.example", "xn--e1afmkfd.example"),
    ("παράδειγμα.example", "xn--hxajbheg2az3al.example"),
    ("مثال.example", "xn--mgbh0fb.example"),
    ("דוגמה.example", "xn--6dbbec0c.example"),
    ("उदाहरण.example", "xn--p1b6ci4b4b3a.example"),
    ("실례.example", "xn--9n2bp8q.example"),
    ("测试.example", "xn--0zwm56d.example"),
    ("測試.example", "xn--g6w251d.example"),
    ("טעסט.example", "xn--deba0ad.example"),
    ("тест.example", "xn--e1aybc.example"),
    ("ÅNGSTRÖM.example", "xn--ngstrm-hua5l.example"),
    ("İstanbul.example", "xn--istanbul-o0e.example"),
    ("ﬁle.example", "file.example"),
    ("example.xn--p1ai", "example.xn--p1ai"),
    ("example.рф", "example.xn--p1ai"),
    ("a-b.c-d.example", "a-b.c-d.example"),
]


@pytest.mark.fault("E10")
@pytest.mark.parametrize(("written", "known"), NAMES)
def test_a_domain_has_one_canonical_form(written: str, known: str) -> None:
    assert api.canonical(written) == known


@pytest.mark.fault("E10")
@pytest.mark.parametrize("written", ["a\u200db.example", "-ü.example", "☃\ud800.example", "é" * 70])
def test_an_invalid_domain_is_refused_with_a_message(written: str) -> None:
    with pytest.raises(UsageError, match="is not a domain name"):
        api.canonical(written)


@pytest.mark.fault("E10")
def test_an_encoded_domain_is_shown_in_unicode() -> None:
    assert api.readable("xn--bcher-kva.example") == "bücher.example"
    assert api.readable("xn--\u00ff.example") == "xn--\u00ff.example"


def test_all_zones_are_listed_fifty_at_a_time(client: Client, http: responses.RequestsMock) -> None:
    zones = [
        {
            "id": f"{n:032x}",
            "name": f"z{n:03}.example",
            "account": {"id": ACCOUNT},
            "modified_on": "2020-01-01T00:00:00Z",
        }
        for n in range(120)
    ]
    for number in (1, 2, 3):
        requested = {"page": number, "per_page": 50, "order": "name", "account.id": ACCOUNT}
        http.get(f"{API}/zones", json=page(zones, number, 50), match=[query_param_matcher(requested)])

    listing = api.list_zones(client, account_id=ACCOUNT)

    assert [zone["id"] for zone in listing] == [zone["id"] for zone in zones]
    assert listing.problem == ""


def test_a_zone_is_found_by_the_name_filter_of_the_api(client: Client, http: responses.RequestsMock) -> None:
    requested = {"name": "xn--bcher-kva.example", "account.id": ACCOUNT, "per_page": 50}
    found = [{"id": ZONE, "name": "xn--bcher-kva.example", "account": {"id": ACCOUNT}}]
    http.get(f"{API}/zones", json=page(found), match=[query_param_matcher(requested)])

    assert api.find_zone(client, "Bücher.example.", ACCOUNT)["id"] == ZONE


@pytest.mark.fault("G3")
def test_a_similar_name_does_not_match(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones", json=page([{"id": OTHER, "name": "my-example.com", "account": {"id": ACCOUNT}}]))

    with pytest.raises(NotFound) as error:
        api.find_zone(client, "example.com")

    assert error.value.message == "no zone example.com"
    assert "inv zones.list" in error.value.hint


def test_a_zone_in_two_accounts_lists_both(client: Client, http: responses.RequestsMock) -> None:
    zones = [
        {"id": zone_id, "name": "example.com", "account": {"id": account_id, "name": name}}
        for zone_id, account_id, name in ((ZONE, "a" * 32, "shop"), (OTHER, "b" * 32, "press"))
    ]
    http.get(f"{API}/zones", json=page(zones))

    with pytest.raises(AmbiguousName) as error:
        api.find_zone(client, "example.com")

    assert error.value.hint.splitlines()[1:] == [
        f"  --zone {ZONE}  shop ({'a' * 32})",
        f"  --zone {OTHER}  press ({'b' * 32})",
    ]


def test_a_zone_looked_up_twice_is_requested_once(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones", json=page([{"id": ZONE, "name": "example.com", "account": {"id": ACCOUNT}}]))

    api.find_zone(client, "example.com")
    api.find_zone(client, "EXAMPLE.com")

    assert len(http.calls) == 1


def test_an_id_is_not_searched_as_a_name(client: Client, http: responses.RequestsMock) -> None:
    http.get(
        f"{API}/zones/{ZONE}", json=envelope({"id": ZONE, "name": "example.com", "account": {"id": ACCOUNT}})
    )

    assert api.find_zone(client, ZONE)["name"] == "example.com"


def test_an_account_is_filtered_by_its_id_or_its_name() -> None:
    assert api.account_filter(ACCOUNT) == {"account_id": ACCOUNT}
    assert api.account_filter("shop") == {"account.name": "shop"}
    assert api.account_filter("") == {}


def test_packs_are_counted_by_the_total_of_the_api(client: Client, http: responses.RequestsMock) -> None:
    answer = envelope([{"id": "p"}], page=1, per_page=50, count=1, total_count=71)
    http.get(f"{API}/zones/{ZONE}/ssl/certificate_packs", json=answer)

    assert api.count(client, ZONE, "certificate packs") == 71


def test_routes_are_counted_if_the_api_returns_no_total(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones/{ZONE}/workers/routes", json=envelope([{"id": "r"}, {"id": "s"}]))

    assert api.count(client, ZONE, "Workers routes") == 2


def test_a_refused_part_is_shown_as_its_status(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones/{ZONE}/dnssec", json=refusal(10000, "Authentication error"), status=403)

    part = attempt("DNSSEC", lambda: api.get_dnssec(client, ZONE))

    assert part.shown(lambda dnssec: dnssec["status"]) == "denied"
    assert "Authentication error (10000)" in part.problem


def test_a_zone_without_an_account_is_found_but_owns_nothing(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/zones", json=envelope([{"id": ZONE, "name": "example.com"}]))

    zone = api.find_zone(client, "example.com")

    assert zone["id"] == ZONE
    with pytest.raises(MalformedAnswer, match=r"`account.id` of a zone is missing"):
        api.as_owner(zone)


def test_a_part_that_the_plan_lacks_is_unavailable(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{API}/zones/{ZONE}/dnssec", json=refusal(7003, "Could not route"), status=404)

    assert attempt("DNSSEC", lambda: api.get_dnssec(client, ZONE)).shown() == "unavailable"


def test_an_incomplete_list_is_inconsistent(client: Client, http: responses.RequestsMock) -> None:
    answer = envelope([{"id": "ssl"}], page=1, per_page=50, count=1, total_count=2)
    http.get(f"{API}/zones/{ZONE}/settings", json=answer)

    part = attempt("settings", lambda: api.list_settings(client, ZONE))

    assert part.status == "inconsistent"
    assert part.shown() == [{"id": "ssl"}]


def test_each_kind_lists_the_items_of_its_parent(client: Client, http: responses.RequestsMock) -> None:
    owner = Owner(ACCOUNT, ZONE, {"id": ZONE, "name": "example.com"})
    http.get(f"{API}/zones/{ZONE}/settings", json=envelope([{"id": "ssl", "value": "full"}]))
    http.get(f"{API}/zones/{ZONE}/dnssec", json=envelope({"status": "active"}))
    http.get(f"{API}/zones/{ZONE}/hold", json=envelope({"hold": False}))

    found = {one.kind: list(one.list(client, owner)) for one in RESOURCES if one.parent == "zones.zone"}

    assert found == {
        "zones.setting": [{"id": "ssl", "value": "full"}],
        "zones.dnssec": [{"status": "active"}],
        "zones.hold": [{"hold": False}],
    }


def test_a_zone_that_must_not_be_read_is_a_missing_permission(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/zones", json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied):
        list(api.list_zones(client))


def test_the_command_filters_at_the_api(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.list", "--name", "Bücher.example", "--status", "active", "--output", "json")

    assert [zone["name"] for zone in json.loads(result.out)] == ["xn--bcher-kva.example"]
    assert "name=xn--bcher-kva.example" in staged.requests[-1][1]
    assert "status=active" in staged.requests[-1][1]


def test_info_combines_several_responses(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.info", "--zone", "Bücher.example", "--output", "json")

    info = json.loads(result.out)
    assert result.code == 0
    assert (info["name"], info["readable_name"]) == ("xn--bcher-kva.example", "bücher.example")
    assert isinstance(info["records"], int)
    assert isinstance(info["universal_ssl"], bool)
    assert info["traffic"]["requests"] > 0
    assert len(staged.requests) == 8


@pytest.mark.fault("A25")
def test_info_marks_denied_parts_and_is_incomplete(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET */certificate_packs* times=-1")

    result = inv("zones.info", "--zone", "example.com", "--output", "json")

    info = json.loads(result.out)
    assert result.code == 4
    assert (info["packs"], info["status"]) == ("denied", "active")
    assert "certificate packs: denied" in result.err


@pytest.mark.fault("A26")
def test_info_counts_records_if_the_usage_request_is_missing(staged: Sandbox, inv: Any) -> None:
    whole = json.loads(inv("zones.info", "--zone", "example.com", "--output", "json").out)
    staged.faults.parse("gone GET */dns_records/usage times=-1")

    result = inv("zones.info", "--zone", "example.com", "--output", "json")

    assert result.code == 0
    assert json.loads(result.out)["records"] == whole["records"]


def test_settings_of_a_zone_need_one_request(staged: Sandbox, inv: Any) -> None:
    zone_id = json.loads(inv("zones.info", "--zone", "example.com", "--output", "json").out)["id"]

    result = inv("zones.settings", "--zone", "example.com", "--filter", "id=ssl", "--output", "json")

    assert [setting["id"] for setting in json.loads(result.out)] == ["ssl"]
    assert staged.requests[-1] == ("GET", f"/zones/{zone_id}/settings")


@pytest.mark.parametrize("zone", [{}, {"account": []}, {"account": {"id": 7}}])
def test_a_zone_without_an_account_is_malformed_where_it_is_written(zone: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer, match=r"`account\.id` of a zone"):
        api.as_owner(zone)


@pytest.mark.parametrize(
    "item", [{}, {"id": ZONE}, {"id": 7, "name": "a.example"}, {"id": ZONE, "name": None}]
)
def test_a_zone_of_another_shape_is_malformed(
    client: Client, http: responses.RequestsMock, item: dict[str, Any]
) -> None:
    http.get(f"{API}/zones", json=page([item]))

    with pytest.raises(MalformedAnswer, match="not as documented"):
        list(api.list_zones(client))


@pytest.mark.parametrize("fault", ["gone", "reset", "malformed"])
def test_info_is_shown_incomplete_if_one_part_fails(staged: Sandbox, inv: Any, fault: str) -> None:
    staged.faults.add(Fault(fault, "GET", "*/dnssec", times=-1))

    result = inv("zones.info", "--zone", "example.com", "--output", "json")

    assert result.code == (0 if fault == "gone" else 4), result.err
    shown = json.loads(result.out)
    assert shown["dnssec"] == ("unavailable" if fault == "gone" else "failed")
    assert shown["routes"] == 5
