"""Faults of permissions, lists and bodies: the effect of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.seed import scale_namespace, seed_scale
from ops.sandbox.server import Sandbox

from .conftest import Api


@pytest.mark.fault("A25")
def test_denied_removes_a_scope(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("denied", times=-1, scope="ssl,zone:edit"))

    packs = api("GET", f"/zones/{zone}/ssl/certificate_packs")
    records = api("GET", f"/zones/{zone}/dns_records")
    pause = api("PATCH", f"/zones/{zone}", json={"paused": True})

    assert (packs.status_code, packs.json()["errors"][0]["code"]) == (403, 10000)
    assert records.status_code == 200
    assert (pause.status_code, pause.json()["errors"][0]["code"]) == (403, 9109)


@pytest.mark.fault("A24")
def test_revoked_disables_the_token_permanently(api: Api) -> None:
    api.sandbox.faults.add(Fault("revoked", nth=3))

    statuses = [api("GET", "/zones").status_code for _ in range(4)]

    assert statuses == [200, 200, 403, 403]


@pytest.mark.fault("B1")
def test_drift_changes_the_list_between_pages_and_can_be_repeated(
    start: Callable[..., Sandbox], zone: str
) -> None:
    totals = []
    for _ in range(2):
        api = Api(start(quota=None))
        api.sandbox.faults.add(Fault("drift", "GET", "*/dns_records*", nth=2, times=-1, seed=5))
        place = f"/zones/{zone}/dns_records?per_page=10&page="
        totals.append([api("GET", f"{place}{page}").json() for page in range(1, 6)])

    counts = [[page["result_info"]["total_count"] for page in run] for run in totals]
    assert len(set(counts[0])) > 1
    assert totals[0] == totals[1]


def test_drift_changes_the_keys_of_a_namespace(api: Api) -> None:
    seed_scale(api.sandbox.store, zones=0, records=0, keys=50)
    place = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{scale_namespace(1)}/keys"
    before = api("GET", place).json()["result"]
    api.sandbox.faults.add(Fault("drift", path="*/keys*", seed=1, inserts=3, deletes=3))

    after = api("GET", place).json()["result"]

    assert before != after


def test_drift_accepts_a_function(api: Api) -> None:
    def pause(request: Any, store: Any) -> None:
        store.run("DELETE FROM document WHERE kind = 'zone' AND sort = 'empty.example'")

    api.sandbox.faults.add(Fault("drift", path="/zones", nth=2, before=pause))

    totals = [api("GET", "/zones").json()["result_info"]["total_count"] for _ in range(2)]

    assert totals == [12, 11]


@pytest.mark.fault("A10")
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"\xff\xfe", "[" * 100_000])
def test_malformed_sends_any_body(api: Api, body: bytes | str) -> None:
    api.sandbox.faults.add(Fault("malformed", body=body))

    assert api("GET", "/zones").content == (body.encode() if isinstance(body, str) else body)


def test_malformed_may_send_an_invalid_success(api: Api) -> None:
    body = json.dumps({"success": False, "errors": [{"code": 1, "message": "no"}], "result": None})
    api.sandbox.faults.add(Fault("malformed", body=body, status=200))

    assert api("GET", "/zones").json()["success"] is False


@pytest.mark.fault("B3")
@pytest.mark.parametrize("total", [3, 10**6, "many", None])
def test_total_lies(api: Api, total: Any) -> None:
    api.sandbox.faults.add(Fault("total-lies", total=total))

    info = api("GET", "/zones").json()["result_info"]

    assert info.get("total_count") == total
    assert info["count"] == 12
    assert "total_pages" not in info


@pytest.mark.fault("B5")
def test_lower_per_page_echoes_the_smaller_size(api: Api) -> None:
    api.sandbox.faults.add(Fault("lower-per-page", times=-1, per_page=5))

    info = api("GET", "/zones?per_page=50").json()["result_info"]

    assert (info["per_page"], info["count"], info["total_count"]) == (5, 5, 12)


@pytest.mark.fault("B6")
def test_same_page_forever_repeats_the_first_page(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("same-page-forever", times=-1))
    rulesets = f"/zones/{zone}/rulesets?per_page=1"

    first, second = (api("GET", f"/zones?per_page=5&page={page}").json()["result"] for page in (1, 2))
    one = api("GET", rulesets).json()
    two = api("GET", f"{rulesets}&cursor={one['result_info']['cursors']['after']}").json()

    assert first == second
    assert one == two


@pytest.mark.fault("B7")
def test_an_expired_cursor_is_refused_and_a_first_page_is_not(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("cursor-expired", times=-1))
    place = f"/zones/{zone}/rulesets?per_page=1"

    first = api("GET", place)
    second = api("GET", f"{place}&cursor={first.json()['result_info']['cursors']['after']}")

    assert (first.status_code, second.status_code) == (200, 400)


@pytest.mark.fault("B11")
def test_a_listing_lags_behind_the_writes(api: Api) -> None:
    namespaces = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces"
    place = f"{namespaces}/{api.result('GET', namespaces)[0]['id']}"
    api.sandbox.faults.add(Fault("lag", path="*/keys*", times=1, seconds=60))
    api("PUT", f"{place}/values/just-now", data=b"x")

    lagging, later = (api("GET", f"{place}/keys?prefix=just-now").json()["result"] for _ in range(2))

    assert (lagging, [key["name"] for key in later]) == ([], ["just-now"])
    assert api("GET", f"{place}/values/just-now").content == b"x"


@pytest.mark.fault("A26")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, (404, 7003)),
        ({"status": 410}, (410, 7003)),
        ({"code": 10042, "message": "no R2 here"}, (404, 10042)),
    ],
)
def test_gone_answers_as_a_missing_product(api: Api, args: dict[str, Any], expected: tuple[int, int]) -> None:
    api.sandbox.faults.add(Fault("gone", **args))

    assert api.refused("GET", "/zones") == expected


@pytest.mark.fault("E12")
def test_unknown_fields_are_added_everywhere(api: Api) -> None:
    api.sandbox.faults.add(Fault("unknown-fields", times=-1))

    body = api("GET", "/zones").json()

    assert all("x_unknown_field" in zone for zone in body["result"])
    assert "x_unknown_envelope_field" in body
