"""The seed resembles a real account and is the same each time; the scale seed has the requested size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ops.sandbox.dns_types import TYPES
from ops.sandbox.seed import scale_namespace, seed_scale
from ops.sandbox.seed_zones import ROUTES, ZONES
from ops.sandbox.server import Sandbox
from ops.sandbox.store import SCRIPTS, stable_id, zone_id

from .conftest import Api, Clock


def records(api: Api) -> list[dict[str, object]]:
    names = [zone["name"] for zone in api.result("GET", "/zones?per_page=50")]
    return [
        one
        for name in names
        for one in api.result("GET", f"/zones/{zone_id(name)}/dns_records?per_page=1000")
    ]


def test_the_seed_has_zones_in_every_state(api: Api) -> None:
    zones = api.result("GET", "/zones?per_page=50")

    assert len(zones) == len([zone for zone in ZONES if zone.type != "internal"]) == 12
    assert {zone["status"] for zone in zones} == {"active", "pending", "moved"}
    assert {zone["plan"]["legacy_id"] for zone in zones} == {"free", "pro", "business", "enterprise"}
    assert {zone["type"] for zone in zones} == {"full", "partial"}
    assert any(zone["paused"] for zone in zones)
    assert any(zone["name"].startswith("xn--") for zone in zones)


def test_the_seed_has_records_of_every_kind(api: Api) -> None:
    found = records(api)

    assert {str(one["type"]) for one in found} >= TYPES - {"CERT", "DNSKEY", "OPENPGPKEY", "SMIMEA"}
    assert max(len(str(one["content"])) for one in found) == 2048
    assert any(str(one["name"]).startswith("*.") for one in found)
    assert any(one["type"] == "CNAME" and one["name"] == "example.org" for one in found)
    assert any(str(one["name"]) != str(one["name"]).lower() for one in found)
    assert any(one["tags"] for one in found)
    assert any(one["comment"] for one in found)
    assert {one["proxied"] for one in found} == {True, False}


def test_certificates_expire_by_the_clock_of_the_sandbox(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(clock=clock))
    today = datetime.fromtimestamp(clock.time, UTC).date()

    packs = [
        pack
        for seeded in ZONES
        for pack in api.result("GET", f"/zones/{zone_id(seeded.name)}/ssl/certificate_packs?status=all")
    ]

    ends = sorted(
        datetime.fromisoformat(one["expires_on"]).date() - today
        for pack in packs
        for one in pack["certificates"]
    )
    assert {pack["status"] for pack in packs} == {
        "active",
        "pending_validation",
        "validation_timed_out",
        "expired",
    }
    assert ends[0] < timedelta(0)
    assert any(timedelta(0) < left <= timedelta(6) for left in ends)
    assert ends[-1] > timedelta(60)


def test_two_sandboxes_have_the_same_content(start: Callable[..., Sandbox], clock: Clock) -> None:
    first, second = Api(start(clock=clock)), Api(start(clock=clock))

    places = ["/zones?per_page=50", f"/zones/{zone_id('shop.example')}/ssl/certificate_packs?status=all"]
    places += [
        f"/zones/{zone_id('example.com')}/{name}" for name in ("settings", "dnssec", "rulesets", "pagerules")
    ]
    for place in places:
        assert first.result("GET", place) == second.result("GET", place)
    assert records(first) == records(second)


def test_the_dates_of_the_seed_are_in_the_past(api: Api) -> None:
    stamps = [str(one["created_on"]) for one in records(api)]

    custom_domains = "2026-03-02T08:30:00.000000Z"
    assert min(stamps) >= "2024"
    assert max(stamps) <= custom_domains


def test_routes_name_existing_scripts(api: Api) -> None:
    scripts = {one["id"] for one in api.result("GET", f"/accounts/{api.sandbox.account_id}/workers/scripts")}

    assert {script for _, _, script in ROUTES if script} <= scripts
    assert set(SCRIPTS) <= scripts


def test_a_seeded_sandbox_is_not_seeded_again(start: Callable[..., Sandbox]) -> None:
    sandbox = start()
    sandbox.store.delete_document("zone", "", zone_id("example.com"))

    with Sandbox(sandbox.store.path) as again:
        assert again.store.get_document("zone", "", zone_id("example.com")) is None
        assert again.token == sandbox.token


def test_the_scale_seed_has_the_requested_size(start: Callable[..., Sandbox]) -> None:
    api = Api(start(seed=None, quota=None))
    store = api.sandbox.store

    for _ in range(2):
        seed_scale(store, zones=12, records=100, keys=2005, namespaces=2)

    assert api("GET", "/zones").json()["result_info"]["total_count"] == 12
    assert store.value("SELECT count(*) FROM dns_record") == 1200
    counts = store.rows("SELECT namespace, count(*) FROM kv_pair GROUP BY namespace")
    assert dict(counts) == {scale_namespace(1): 1003, scale_namespace(2): 1002}


def test_records_of_the_scale_seed_are_valid(start: Callable[..., Sandbox]) -> None:
    api = Api(start(seed=None, quota=None))
    seed_scale(api.sandbox.store, zones=1, records=40, keys=0)
    place = f"/zones/{zone_id('zone-0001.example')}/dns_records"

    found = api.result("GET", place)
    for record in found:
        again = api.result("PATCH", f"{place}/{record['id']}", json={"comment": "touched"})
        changing = ("modified_on", "comment", "comment_modified_on")
        assert {**again, **dict.fromkeys(changing)} == {**record, **dict.fromkeys(changing)}

    assert {record["type"] for record in found} == {"A", "AAAA", "CNAME", "TXT", "MX"}
    assert len({record["id"] for record in found}) == 40


def test_ids_follow_from_names() -> None:
    assert zone_id("example.com") == stable_id("zone", "example.com")
    assert zone_id("example.com") != zone_id("example.org")
    assert len(zone_id("example.com")) == 32
