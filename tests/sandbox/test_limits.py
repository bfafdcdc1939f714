"""The rate limit: its headers, the 429, the end of the window."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.sandbox.server import Sandbox

from .conftest import Api, Clock, limited


def test_every_response_counts_down(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(**limited((1200, 300.0), clock)))

    first, second = api("GET", "/zones").headers, api("GET", "/nothing").headers

    assert first["Ratelimit"] == '"default";r=1199;t=300'
    assert second["Ratelimit"] == '"default";r=1198;t=300'
    assert first["Ratelimit-Policy"] == '"default";q=1200;w=300'
    assert "retry-after" not in first


@pytest.mark.fault("A1")
def test_above_the_quota_every_call_is_refused_until_the_window_ends(
    start: Callable[..., Sandbox], clock: Clock
) -> None:
    api = Api(start(**limited((2, 300.0), clock)))
    api("GET", "/zones")
    clock.time += 10.5
    api("GET", "/zones")

    refused = api("GET", "/zones")
    clock.time += 289
    still = api("GET", "/zones").status_code
    clock.time += 0.5
    again = api("GET", "/zones").status_code

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (429, 971)
    assert refused.headers["retry-after"] == "290"
    assert refused.headers["Ratelimit"] == '"default";r=0;t=290'
    assert (still, again) == (429, 200)


def test_each_token_has_a_window_of_its_own(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(**limited((1, 300.0), clock)))
    api.sandbox.store.add_token("sandbox_" + "f" * 40)
    api("GET", "/zones")

    api.session.headers["Authorization"] = "Bearer sandbox_" + "f" * 40

    assert api("GET", "/zones").status_code == 200


def test_a_refused_write_is_not_executed(start: Callable[..., Sandbox], clock: Clock) -> None:
    api = Api(start(**limited((1, 300.0), clock)))
    api("GET", "/zones")

    body = {"name": "new.example", "account": {"id": api.sandbox.account_id}}
    status = api("POST", "/zones", json=body).status_code

    assert status == 429
    assert api.sandbox.store.value("SELECT count(*) FROM document WHERE kind = 'zone'") == 0


def test_without_a_quota_there_are_no_headers(start: Callable[..., Sandbox]) -> None:
    api = Api(start(seed=None, quota=None))

    headers = api("GET", "/zones").headers

    assert not {"Ratelimit", "Ratelimit-Policy"} & set(headers)


@pytest.mark.fault("P15")
def test_the_log_has_the_time_of_each_tokens_requests(start: Callable[..., Sandbox]) -> None:
    api = Api(start(seed=None, quota=None))

    api("GET", "/zones")
    api("GET", "/zones")

    times, tokens = zip(*api.sandbox.limiter.log, strict=True)
    assert set(tokens) == {api.sandbox.token}
    assert times[0] <= times[1]


def test_a_fourth_import_in_a_minute_is_refused(
    start: Callable[..., Sandbox], clock: Clock, zone: str
) -> None:
    api = Api(start(clock=clock))
    place, files = f"/zones/{zone}/dns_records/import", {"file": ("zone.txt", "new 300 IN A 192.0.2.9\n")}

    statuses = [api("POST", place, files=files).status_code for _ in range(4)]
    clock.time += 61
    later = api("POST", place, files=files).status_code

    assert statuses == [200, 200, 200, 429]
    assert later == 200
