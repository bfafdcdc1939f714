"""What the record of a run learns of each request."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.config.settings import Settings
from ops.errors import NetworkError
from ops.http.paths import path
from ops.http.stack import open_client
from ops.telemetry.record import CallSeen, Record
from tests.wire import Wire, failed, ok, reset

ZONE = path("/zones/{}", "a" * 32)


def observed(record: Record) -> list[CallSeen]:
    seen: list[CallSeen] = []
    record.observe(lambda event: seen.append(event) if isinstance(event, CallSeen) else None)
    return seen


def test_each_attempt_is_observed_with_its_route(settings: Callable[..., Settings]) -> None:
    record = Record()
    seen = observed(record)
    with Wire(failed(503, 1, "down"), ok({"id": "z"})) as wire:
        open_client(settings(base_url=wire.url, attempts=2), say=print, record=record).get(ZONE)

    assert [(call.route, call.status, call.attempt) for call in seen] == [
        ("/zones/{zone_id}", 503, 1),
        ("/zones/{zone_id}", 200, 2),
    ]
    assert seen[0].span_id != seen[1].span_id
    assert {call.parent_id for call in seen} == {record.root_id}
    assert seen[1].bytes
    assert seen[1].waited_ms > 0


def test_a_connection_that_breaks_is_observed_with_its_error(settings: Callable[..., Settings]) -> None:
    record = Record()
    seen = observed(record)
    with Wire(reset()) as wire, pytest.raises(NetworkError):
        open_client(settings(base_url=wire.url, attempts=1), say=print, record=record).get(ZONE)

    assert [(call.status, call.error, call.bytes) for call in seen] == [(0, "Unanswered", None)]


def test_an_answer_of_the_cache_is_observed(settings: Callable[..., Settings]) -> None:
    record = Record()
    seen = observed(record)
    with Wire(ok({"id": "z"})) as wire:
        client = open_client(settings(base_url=wire.url, cache=60), say=print, record=record)
        client.get(ZONE)
        client.get(ZONE)
        client.close()

    assert [(call.cached, call.status, call.route) for call in seen] == [
        (False, 200, "/zones/{zone_id}"),
        (True, 200, "/zones/{zone_id}"),
    ]
