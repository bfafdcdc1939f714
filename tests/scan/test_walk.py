"""The walk: what is read, how often, and the status of each section."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import (
    ApiError,
    CredentialsError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    ValidationError,
)
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.scan.inventory import Inventory, ScanFilter
from ops.snapshots.manifest import Section
from ops.snapshots.writer import Writer
from tests.scan.fakes import ACCOUNT_ID, Lists, filled, walked
from tests.timing import Within, timed


@pytest.fixture
def lists() -> Lists:
    return filled(Lists())


def section(inventory: Inventory, kind: str, scope: str) -> Section:
    return next(s for s in inventory.sections if (s.kind, s.scope) == (kind, scope))


def test_everything_is_read_and_counted(lists: Lists) -> None:
    inventory = walked(lists)

    assert inventory.whole
    assert section(inventory, "dns.kind2", "z1") == Section("dns.kind2", "z1", "complete", 4)
    assert inventory.items == 1 + 3 + 3 * 4 * 4 + 1 + 1 + 1 + 3
    assert inventory.account_name == "Example"


def test_values_and_files_are_not_counted_as_items(lists: Lists) -> None:
    inventory = walked(lists, ScanFilter(values="values", contents=True))

    assert inventory.whole
    assert inventory.items == walked(filled(Lists())).items
    assert ("values", "n1") in lists.asked
    assert ("contents", "router") in lists.asked


def test_a_parent_with_an_empty_id_fails_its_section_alone(lists: Lists) -> None:
    lists.items["zones.zone", ACCOUNT_ID].append({"id": "", "name": "z9.example"})

    inventory = walked(lists)

    assert section(inventory, "zones.zone", ACCOUNT_ID).status == "failed"
    assert section(inventory, "zones.zone", ACCOUNT_ID).reason == "zones.zone: an item has no id"
    assert section(inventory, "dns.kind2", "z1").status == "complete"


def test_no_list_is_read_twice(lists: Lists) -> None:
    lists.items["zones.zone", ACCOUNT_ID] *= 2

    walked(lists)

    assert len(lists.asked) == len(set(lists.asked))


def test_named_zones_are_not_listed(lists: Lists) -> None:
    inventory = walked(lists, ScanFilter(given={"zones.zone": [{"id": "z1", "name": "z1.example"}]}))

    assert {kind for kind, _ in lists.asked} == {"dns.kind0", "dns.kind1", "dns.kind2", "dns.kind3"}
    assert {owner for _, owner in lists.asked} == {"z1"}
    assert section(inventory, "zones.zone", ACCOUNT_ID).status == "skipped"
    assert inventory.whole


def test_the_zones_of_a_page_are_read_while_the_next_page_is_requested() -> None:
    lists = filled(Lists(page=2), zones=6)
    child_was_read = threading.Event()
    late = lists.reader("zones.zone")

    def zones(client: object, owner: Owner) -> Iterator[Json]:
        for number, zone in enumerate(late(client, owner)):
            assert number != 2 or child_was_read.wait(5)
            yield zone

    def records(client: object, owner: Owner) -> Iterator[Json]:
        child_was_read.set()
        return iter(())

    resources = (
        Resource("zones.zone", ACCOUNT, ("name",), listing=zones),
        Resource("dns.r", "zones.zone", (), listing=records),
    )
    inventory = walked(lists, resources=resources, workers=2)

    assert [s.status for s in inventory.sections] == ["complete"] * 7


@pytest.mark.fault("A25")
def test_a_denied_section_does_not_affect_the_others(lists: Lists) -> None:
    lists.failures["flat.thing", ACCOUNT_ID] = PermissionDenied("GET /things: no permission (10000)", 403)

    inventory = walked(lists)

    assert section(inventory, "flat.thing", ACCOUNT_ID).status == "denied"
    assert {s.status for s in inventory.sections if s.kind != "flat.thing"} == {"complete", "skipped"}
    assert not inventory.whole
    assert inventory.gaps(()) == ["flat.thing: denied: GET /things: no permission (10000) (status 403)"]
    assert inventory.skippable(()) == ["flat.thing"]


@pytest.mark.fault("A26")
@pytest.mark.parametrize(
    "error",
    [
        NotFound("GET /things: not found", 404),
        NotFound("GET /things: gone", 410, ray="8f-AMS"),
        PermissionDenied("GET /things: Please enable Things through the Dashboard. (10042)", 403),
        ValidationError("GET /things: your plan does not include this", 400),
    ],
)
def test_a_missing_product_is_unavailable(lists: Lists, error: OpsError) -> None:
    lists.failures["flat.thing", ACCOUNT_ID] = error

    inventory = walked(lists)

    assert section(inventory, "flat.thing", ACCOUNT_ID).status == "unavailable"
    assert inventory.gaps(()) == [f"flat.thing: unavailable: {error.reason}"]
    assert inventory.skippable(()) == ["flat.thing"]


@pytest.mark.parametrize(
    "error",
    [ApiError("502", 502), NetworkError("reset"), MalformedAnswer("nonsense"), ValidationError("bad", 400)],
)
def test_any_other_failure_ends_only_its_section(lists: Lists, error: OpsError) -> None:
    lists.failures["dns.kind1", "z2"] = error

    inventory = walked(lists)

    assert section(inventory, "dns.kind1", "z2").status == "failed"
    assert inventory.gaps(()) == [f"dns.kind1: failed in 1 of 3: {error.reason}"]


@pytest.mark.fault("B10")
def test_a_zone_deleted_during_the_scan_is_gone_and_not_an_error(lists: Lists) -> None:
    for kind in range(4):
        lists.failures[f"dns.kind{kind}", "z1"] = NotFound("no such zone", 404)

    inventory = walked(lists)

    assert section(inventory, "dns.kind0", "z1").status == "gone"
    assert inventory.whole
    assert len(lists.asked) == len(set(lists.asked))


@pytest.mark.fault("B10")
def test_a_zone_deleted_between_two_of_its_lists_is_gone(lists: Lists) -> None:
    lists.failures["dns.kind3", "z1"] = NotFound("no such zone", 404)
    lists.failures_when_asked_again["dns.kind0", "z1"] = NotFound("no such zone", 404)

    inventory = walked(lists)

    assert section(inventory, "dns.kind3", "z1").status == "gone"
    assert section(inventory, "dns.kind0", "z1").status == "complete"
    assert inventory.whole


def test_an_existing_zone_without_a_product_has_it_unavailable(lists: Lists) -> None:
    lists.failures["dns.kind3", "z1"] = NotFound("no such product", 404)

    inventory = walked(lists)

    assert section(inventory, "dns.kind3", "z1").status == "unavailable"
    assert lists.asked.count(("dns.kind0", "z1")) == 2
    assert not inventory.whole


def test_a_script_deleted_before_its_contents_were_read_is_gone(lists: Lists) -> None:
    lists.failures["contents", "router"] = NotFound("no such script", 404)
    lists.failures["code.cron", "router"] = NotFound("no such script", 404)

    inventory = walked(lists, ScanFilter(contents=True))

    assert section(inventory, "code.script/contents", "router").status == "gone"
    assert inventory.whole


@pytest.mark.fault("A24")
@pytest.mark.parametrize("error", [CredentialsError("revoked", 401), RateLimited("come back at 12:00", 429)])
def test_a_failure_that_affects_every_request_stops_the_scan(error: Exception) -> None:
    lists = filled(Lists(), zones=200)
    lists.failures["dns.kind0", "z0"] = error

    inventory = walked(lists, workers=1)

    assert inventory.ended_by is error
    assert section(inventory, "dns.kind0", "z0").status == "failed"
    assert section(inventory, "dns.kind3", "z199").status == "skipped"
    assert len(lists.asked) < 20
    assert not inventory.whole


class Doubtful(list[Json]):
    """A list that reports that it may be incomplete."""

    problem = "page 7 could not be read"


@pytest.mark.fault("B9")
def test_a_list_with_a_wrong_total_is_inconsistent(lists: Lists) -> None:
    doubtful = Resource(
        "flat.thing", ACCOUNT, ("name",), key="name", listing=lambda _c, _o: Doubtful([{"name": "t"}])
    )

    inventory = walked(lists, resources=(doubtful,))

    assert inventory.sections == (
        Section("flat.thing", ACCOUNT_ID, "inconsistent", 1, "page 7 could not be read"),
    )
    assert not inventory.whole


def test_fewer_values_than_keys_are_inconsistent(lists: Lists) -> None:
    resources = (
        Resource("kv.namespace", ACCOUNT, ("name",), listing=lists.reader("kv.namespace")),
        Resource(
            "kv.key",
            "kv.namespace",
            ("name",),
            key="name",
            listing=lists.reader("kv.key"),
            values=lambda _client, _owner, _items: [],
        ),
    )

    inventory = walked(lists, ScanFilter(values="values"), resources=resources)

    assert section(inventory, "kv.key", "n1").status == "inconsistent"
    assert "0 values for 3 keys" in section(inventory, "kv.key", "n1").reason


def test_items_before_a_failure_are_counted(lists: Lists) -> None:
    lists.items["flat.thing", ACCOUNT_ID] = [{"id": "1", "name": "one"}, {"no": "name"}]
    lists.items["zones.zone", ACCOUNT_ID].append({"name": "without.id.example"})

    inventory = walked(lists)

    assert section(inventory, "zones.zone", ACCOUNT_ID).status == "failed"
    assert section(inventory, "zones.zone", ACCOUNT_ID).count == 3
    assert section(inventory, "dns.kind0", "z2").status == "complete"


def test_a_bug_ends_the_scan_and_is_raised_unchanged(lists: Lists) -> None:
    lists.failures["flat.thing", ACCOUNT_ID] = RuntimeError("oops")

    inventory = walked(lists)

    assert isinstance(inventory.ended_by, RuntimeError)


def test_an_item_of_another_form_fails_its_section_alone(lists: Lists) -> None:
    lists.failures["flat.thing", ACCOUNT_ID] = KeyError("name")

    inventory = walked(lists)

    failed = section(inventory, "flat.thing", ACCOUNT_ID)
    assert (inventory.ended_by, failed.status) == (None, "failed")
    assert "does not have the documented form (KeyError('name'))" in failed.reason
    assert section(inventory, "zones.zone", ACCOUNT_ID).status == "complete"


def test_a_stop_starts_no_further_requests(lists: Lists) -> None:
    stop = threading.Event()
    stop.set()

    inventory = walked(lists, stop=stop)

    assert lists.asked == []
    assert {s.status for s in inventory.sections} == {"skipped"}
    assert not inventory.whole


@pytest.mark.fault("A27")
def test_the_order_of_responses_does_not_matter(tmp_path: Path) -> None:
    chance = random.Random(1)
    seen = set()
    for number in range(20):
        lists = filled(Lists(delay=lambda: chance.random() / 1000), zones=8, records=60)
        lists.failures["dns.kind3", "z1"] = NotFound("no such product", 404)
        (tmp_path / f"{number}").mkdir()
        writer = Writer(tmp_path / f"{number}", {"kv.namespace": "name"})
        inventory = walked(lists, ScanFilter(contents=True, values="values"), writer, workers=8)
        seen.add(repr((inventory.sections, writer.assemble(), sorted(writer.placed.items()))))

    assert len(seen) == 1


@timed
def test_two_hundred_zones_take_the_time_of_their_requests(within: Within) -> None:
    delay, workers = 0.02, 16
    lists = filled(Lists(delay=lambda: delay), zones=200, records=10)

    pages = 4 + 200 * 5
    with within(1.3 * pages / workers * delay):
        inventory = walked(lists, ScanFilter(only=("zones", "dns")), workers=workers)

    assert inventory.whole
    assert lists.pages == pages
