"""The figures behind the GraphQL datasets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.sandbox.store import Store

Row = dict[str, Any]
DAYS = 31
KEPT_SECONDS = DAYS * 86400
PAGE = 10_000

_ACTIONS = ("read", "write", "delete", "list")
_KV_SIZES = """
    SELECT namespace, count(*), sum(length(value)) FROM kv_pair
    WHERE deleted IS NULL AND (expiration IS NULL OR expiration > ?) GROUP BY namespace
"""


@dataclass(frozen=True)
class Dataset:
    """What can be asked of a dataset, and where its rows come from."""

    rows: Callable[[Store, str], Iterator[Row]]
    dimensions: tuple[str, ...]
    measures: dict[str, tuple[str, ...]]


def _days(store: Store) -> list[str]:
    """The days for which figures are kept, oldest first."""
    today = datetime.fromtimestamp(store.now(), UTC).date()
    return [(today - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)]


def oldest_day(store: Store) -> str:
    """The first day of which anything is known."""
    return _days(store)[0]


def _figure(most: int, *words: str) -> int:
    """A number below *most* that always belongs to *words*."""
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") % most


def _kv_storage(store: Store, account: str) -> Iterator[Row]:
    """Keys and bytes of each namespace; only today's are known."""
    sizes = {row[0]: row[1:] for row in store.rows(_KV_SIZES, (store.now(),))}
    today = _days(store)[-1]
    for one in store.list_documents("kv.namespace", account):
        keys, size = sizes.get(one["id"], (0, 0))
        yield {"namespaceId": one["id"], "date": today, "keyCount": keys, "byteCount": size or 0}


def _kv_operations(store: Store, account: str) -> Iterator[Row]:
    for one in store.list_documents("kv.namespace", account):
        for day in _days(store):
            for action in _ACTIONS:
                requests = _figure(5000, one["title"], day, action)
                yield {"namespaceId": one["id"], "date": day, "actionType": action, "requests": requests}


def _do_days(store: Store, account: str) -> Iterator[tuple[Row, str]]:
    for one in store.list_documents("do.namespace", account):
        for day in _days(store):
            yield {"namespaceId": one["id"], "scriptName": one["script"], "date": day}, one["name"] + day


def _do_invocations(store: Store, account: str) -> Iterator[Row]:
    for about, word in _do_days(store, account):
        requests = _figure(2000, word)
        sizes = {"responseBodySize": requests * 512, "wallTime": requests * 900, "errors": requests // 500}
        yield {**about, "requests": requests, **sizes}


def _do_periodic(store: Store, account: str) -> Iterator[Row]:
    for about, word in _do_days(store, account):
        busy = _figure(10**6, word, "periodic")
        yield {**about, "activeTime": busy * 10, "cpuTime": busy, "exceededCpuErrors": 0}


def _do_storage(store: Store, _account: str) -> Iterator[Row]:
    """Stored bytes of the account, by day; nobody knows an object's size, so each counts the same."""
    stored = int(store.value("SELECT count(*) FROM do_object WHERE stored", (), 0))
    for day in _days(store):
        yield {"date": day, "storedBytes": stored * 4096}


def _do_subrequests(store: Store, account: str) -> Iterator[Row]:
    for about, word in _do_days(store, account):
        yield {**about, "requestBodySizeUncached": _figure(10**6, word, "subrequests")}


_DO = ("namespaceId", "scriptName", "date")
DATASETS = {
    "kvStorageAdaptiveGroups": Dataset(
        _kv_storage, ("namespaceId", "date"), {"max": ("keyCount", "byteCount")}
    ),
    "kvOperationsAdaptiveGroups": Dataset(
        _kv_operations, ("namespaceId", "date", "actionType"), {"sum": ("requests",)}
    ),
    "durableObjectsInvocationsAdaptiveGroups": Dataset(
        _do_invocations, _DO, {"sum": ("requests", "responseBodySize", "wallTime", "errors")}
    ),
    "durableObjectsPeriodicGroups": Dataset(
        _do_periodic, _DO, {"sum": ("activeTime", "cpuTime", "exceededCpuErrors")}
    ),
    "durableObjectsStorageGroups": Dataset(_do_storage, ("date",), {"max": ("storedBytes",)}),
    "durableObjectsSubrequestsAdaptiveGroups": Dataset(
        _do_subrequests, _DO, {"sum": ("requestBodySizeUncached",)}
    ),
}
