"""The figures of analytics: sizes are those of the sandbox's own data, traffic is made up.

The same sandbox has the same traffic at the same hour, so that two queries agree. Fields and units are those
of docs:analytics/graphql-api and of the pages of each product; what only the field knows is marked.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ops.sandbox.store import Store

Row = dict[str, Any]

HOUR, DAY = 3600, 86400
_KV_SIZES = """
    SELECT namespace, count(*), sum(length(value)) FROM kv_pair
    WHERE deleted IS NULL AND (expiration IS NULL OR expiration > ?) GROUP BY namespace
"""
_R2_SIZES = "SELECT count(*), ifnull(sum(length(value)), 0) FROM r2_object WHERE bucket = ?"
_DO_SIZES = "SELECT namespace, sum(stored) FROM do_object GROUP BY namespace"
_ACTIONS = {"read": 1.0, "write": 0.08, "list": 0.02, "delete": 0.01}
# Status, cache status, share of the requests, bytes of a response.
_RESPONSES = (
    (200, "hit", 0.62, 18_000), (200, "miss", 0.12, 21_000), (200, "dynamic", 0.14, 4_000),
    (301, "none", 0.04, 400), (304, "revalidated", 0.03, 200), (404, "miss", 0.035, 900),
    (403, "none", 0.01, 600), (503, "dynamic", 0.005, 300),
)  # fmt: skip


class Node(NamedTuple):
    """A dataset: its rows between two times, what can be selected in them, and its limits in seconds.

    No *fields*: whatever is selected is known; the sandbox has no rows.
    """

    scope: str
    rows: Callable[[Store, str, int, int], Iterable[Row]]
    fields: tuple[str, ...] = ()
    duration: int = 31 * DAY
    oldest: int = 31 * DAY


def chance(*words: object) -> float:
    """Return a number from 0 to 1 that the same words always give."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:4], "big") / 2**32


def volume(name: str, hour: int) -> int:
    """Return the requests to *name* in an hour since 1970: more by day than by night."""
    usual = 10 ** (1.5 + 2.5 * chance("volume", name))
    by_day = 1 + 0.6 * math.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    return round(usual * by_day * (0.8 + 0.4 * chance(name, hour)))


def times(start: int, end: int, step: int = HOUR) -> Iterator[tuple[int, Row]]:
    """Yield each hour or day in which traffic between two times falls, with the dimensions that name it."""
    for number in range(start // step, -(-end // step)):
        moment = datetime.fromtimestamp(number * step, UTC)
        stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        dimensions = {"date": stamp[:10], "datetime": stamp, "datetimeHour": stamp}
        yield number, dimensions


def _invocations(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
    for script in store.list_documents("worker", account):
        name = script["id"]
        for hour, when in times(start, end):
            requests, slow = volume(name, hour), 800 + 9000 * chance("cpu", name)
            failed = round(requests * 0.02 * chance("errors", name, hour))
            for status, count, errors in (
                ("success", requests - failed, 0),
                ("scriptThrewException", failed, failed),
            ):
                yield {
                    "dimensions": {**when, "scriptName": name, "status": status},
                    "sum": {"requests": count, "errors": errors, "subrequests": count // 3},
                    "quantiles": {"cpuTimeP50": round(slow / 3, 2), "cpuTimeP99": round(slow * 4, 2)},
                }


def _kv_operations(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
    for one in store.list_documents("kv.namespace", account):
        for hour, when in times(start, end):
            for action, share in _ACTIONS.items():
                about = {**when, "namespaceId": one["id"], "actionType": action}
                yield {"dimensions": about, "sum": {"requests": round(volume(one["title"], hour) * share)}}


def _kv_storage(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
    sizes = {row[0]: row[1:] for row in store.rows(_KV_SIZES, (store.now(),))}
    for one in store.list_documents("kv.namespace", account):
        keys, size = sizes.get(one["id"], (0, 0))
        for _, when in times(start, end, DAY):
            dimensions = {**when, "namespaceId": one["id"]}
            yield {"max": {"keyCount": keys, "byteCount": size or 0}, "dimensions": dimensions}


def _r2_storage(store: Store, account: str, _start: int, end: int) -> Iterator[Row]:
    (_, when), *_ = times(end - 1, end)
    for one in store.list_documents("r2.bucket", account):
        objects, size = store.rows(_R2_SIZES, (f"{account}/{one['name']}",))[0]
        most = {"objectCount": objects, "payloadSize": size, "metadataSize": 0}
        yield {"max": most, "dimensions": {**when, "bucketName": one["name"]}}


def _objects(store: Store, account: str, start: int, end: int) -> Iterator[tuple[Row, int]]:
    for one in store.list_documents("do.namespace", account):
        for hour, when in times(start, end):
            yield {**when, "namespaceId": one["id"], "scriptName": one["script"]}, volume(one["name"], hour)


def _do_invocations(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
    for dimensions, requests in _objects(store, account, start, end):
        sums = {"requests": requests, "errors": requests // 400, "responseBodySize": requests * 700}
        yield {"dimensions": dimensions, "sum": sums}


def _do_periodic(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
    for dimensions, requests in _objects(store, account, start, end):
        sums = {"cpuTime": requests * 1900, "duration": round(requests * 0.0032, 3)}
        yield {"dimensions": dimensions, "sum": sums}


def _do_storage(sqlite: bool) -> Callable[[Store, str, int, int], Iterator[Row]]:
    def rows(store: Store, account: str, start: int, end: int) -> Iterator[Row]:
        stored = dict(store.rows(_DO_SIZES))
        for one in store.list_documents("do.namespace", account):
            if one["use_sqlite"] == sqlite:
                for _, when in times(start, end, DAY):
                    dimensions = {**when, "namespaceId": one["id"]}
                    yield {"max": {"storedBytes": 4096 * stored.get(one["id"], 0)}, "dimensions": dimensions}

    return rows


def _zone_traffic(store: Store, zone: str, start: int, end: int) -> Iterator[tuple[int, int, Row]]:
    found = store.get_document("zone", "", zone)
    active = found["status"] == "active" and not found["paused"]
    for hour, when in times(start, end) if active else ():
        yield hour, volume(found["name"], hour), when


def _responses(store: Store, zone: str, start: int, end: int) -> Iterator[Row]:
    for _, requests, when in _zone_traffic(store, zone, start, end):
        for status, cached, share, size in _RESPONSES:
            if count := round(requests * share):
                yield {
                    "dimensions": {**when, "edgeResponseStatus": status, "cacheStatus": cached},
                    "count": count,
                    "sum": {"edgeResponseBytes": count * size, "visits": count // 5},
                    "avg": {"sampleInterval": 1 if requests < 1000 else 10},
                }


def _by_day(store: Store, zone: str, start: int, end: int) -> Iterator[Row]:
    for hour, requests, when in _zone_traffic(store, zone, start, end):
        threats = round(requests * 0.003 * chance("threats", zone, hour))
        yield {"dimensions": {"date": when["date"]}, "sum": {"requests": requests, "threats": threats}}


_CPU, _RESPONSE = "cpuTimeP50 cpuTimeP99", "edgeResponseBytes visits"
_TIMES = ("dimensions.date", "dimensions.datetime", "dimensions.datetimeHour")


def _in(**objects: str) -> tuple[str, ...]:
    """Return the paths of the fields of each object, and those of time."""
    return (*_TIMES, "count", *(f"{name}.{one}" for name, text in objects.items() for one in text.split()))


NODES = {
    "workersInvocationsAdaptive": Node(
        "accounts", _invocations,
        _in(dimensions="scriptName status", sum="requests errors subrequests", quantiles=_CPU),
        oldest=90 * DAY,
    ),
    "kvOperationsAdaptiveGroups": Node(
        "accounts", _kv_operations, _in(dimensions="namespaceId actionType", sum="requests")
    ),
    "kvStorageAdaptiveGroups": Node(
        "accounts", _kv_storage, _in(dimensions="namespaceId", max="keyCount byteCount")
    ),
    "r2StorageAdaptiveGroups": Node(
        "accounts", _r2_storage, _in(dimensions="bucketName", max="objectCount payloadSize metadataSize")
    ),
    "durableObjectsInvocationsAdaptiveGroups": Node(
        "accounts", _do_invocations,
        _in(dimensions="namespaceId scriptName", sum="requests errors responseBodySize"),
    ),
    # `duration` and the dimension `namespaceId` are known from the field alone, as is the node for SQLite.
    "durableObjectsPeriodicGroups": Node(
        "accounts", _do_periodic, _in(dimensions="namespaceId scriptName", sum="cpuTime duration")
    ),
    "durableObjectsStorageGroups": Node(
        "accounts", _do_storage(sqlite=False), _in(dimensions="namespaceId", max="storedBytes")
    ),
    "durableObjectsSqlStorageGroups": Node(
        "accounts", _do_storage(sqlite=True), _in(dimensions="namespaceId", max="storedBytes")
    ),
    "d1AnalyticsAdaptiveGroups": Node("accounts", lambda *_: ()),
    "d1QueriesAdaptiveGroups": Node("accounts", lambda *_: ()),
    "httpRequestsAdaptiveGroups": Node(
        "zones", _responses,
        _in(dimensions="edgeResponseStatus cacheStatus", sum=_RESPONSE, avg="sampleInterval"),
        duration=DAY,
    ),
    "httpRequests1dGroups": Node(
        "zones", _by_day, ("dimensions.date", "sum.requests", "sum.threats"), 365 * DAY, 365 * DAY
    ),
}  # fmt: skip
