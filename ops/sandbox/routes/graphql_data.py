"""The rows of the GraphQL datasets."""

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

_KV_SIZES = """
    SELECT namespace, count(*), sum(length(value)) FROM kv_pair
    WHERE deleted IS NULL AND (expiration IS NULL OR expiration > ?) GROUP BY namespace
"""
_R2_SIZES = "SELECT count(*), ifnull(sum(length(value)), 0) FROM r2_object WHERE bucket = ?"


@dataclass(frozen=True)
class Dataset:
    """The dimensions and measures of a dataset, and the function that yields its rows."""

    rows: Callable[[Store, str], Iterator[Row]]
    dimensions: tuple[str, ...]
    measures: dict[str, tuple[str, ...]]


def days(store: Store) -> list[str]:
    """Return the days for which data is kept, oldest first."""
    today = datetime.fromtimestamp(store.now(), UTC).date()
    return [(today - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)]


def _number(below: int, *words: str) -> int:
    """Return a number that is always the same for *words*."""
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def _kv_storage(store: Store, account: str) -> Iterator[Row]:
    """Yield keys and bytes of each namespace; only today's are known."""
    sizes = {row[0]: row[1:] for row in store.rows(_KV_SIZES, (store.now(),))}
    for one in store.list_documents("kv.namespace", account):
        keys, size = sizes.get(one["id"], (0, 0))
        yield {"namespaceId": one["id"], "date": days(store)[-1], "keyCount": keys, "byteCount": size or 0}


def _kv_operations(store: Store, account: str) -> Iterator[Row]:
    for one in store.list_documents("kv.namespace", account):
        for day in days(store):
            for action in ("read", "write", "delete", "list"):
                requests = _number(5000, one["title"], day, action)
                yield {"namespaceId": one["id"], "date": day, "actionType": action, "requests": requests}


def _do_storage(store: Store, _account: str) -> Iterator[Row]:
    """Yield the stored bytes of the account by day; sizes are not known, so each object counts the same."""
    stored = int(store.value("SELECT count(*) FROM do_object WHERE stored", (), 0))
    yield from ({"date": day, "storedBytes": stored * 4096} for day in days(store))


def _r2_storage(store: Store, account: str) -> Iterator[Row]:
    """Yield objects and bytes of each bucket by day; earlier days have today's."""
    for one in store.list_documents("r2.bucket", account):
        objects, size = store.rows(_R2_SIZES, (f"{account}/{one['name']}",))[0]
        sizes = {"objectCount": objects, "payloadSize": size, "metadataSize": 0}
        yield from ({"bucketName": one["name"], "date": day, **sizes} for day in days(store))


def _daily(kind: str, labels: dict[str, str], measures: Callable[[str], Row]) -> Dataset:
    """Return a dataset with one row for each item of *kind* and day.

    *labels*: the field of the item for each dimension; *measures* computes the row from name and day.
    """

    def rows(store: Store, account: str) -> Iterator[Row]:
        for one in store.list_documents(kind, account):
            for day in days(store):
                about = {dimension: one[field] for dimension, field in labels.items()}
                yield {**about, "date": day, **measures(one["name"] + day)}

    return Dataset(rows, (*labels, "date"), {"sum": tuple(measures(""))})


def _queries(words: str) -> Row:
    reads, writes = _number(900, words, "reads"), _number(90, words, "writes")
    return {"readQueries": reads, "writeQueries": writes, "rowsRead": reads * 20, "rowsWritten": writes}


def _invocations(words: str) -> Row:
    count = _number(2000, words)
    measures = {"requests": count, "responseBodySize": count * 512, "wallTime": count * 900}
    return {**measures, "errors": count // 500}


def _periodic(words: str) -> Row:
    cpu = _number(10**6, words, "periodic")
    return {"activeTime": cpu * 10, "cpuTime": cpu, "exceededCpuErrors": 0}


_DO = {"namespaceId": "id", "scriptName": "script"}
DATASETS = {
    "d1AnalyticsAdaptiveGroups": _daily("d1.database", {"databaseId": "uuid"}, _queries),
    "durableObjectsInvocationsAdaptiveGroups": _daily("do.namespace", _DO, _invocations),
    "durableObjectsPeriodicGroups": _daily("do.namespace", _DO, _periodic),
    "durableObjectsStorageGroups": Dataset(_do_storage, ("date",), {"max": ("storedBytes",)}),
    "durableObjectsSubrequestsAdaptiveGroups": _daily(
        "do.namespace",
        _DO,
        lambda words: {"requestBodySizeUncached": _number(10**6, words, "subrequests")},
    ),
    "kvOperationsAdaptiveGroups": Dataset(
        _kv_operations, ("namespaceId", "date", "actionType"), {"sum": ("requests",)}
    ),
    "kvStorageAdaptiveGroups": Dataset(
        _kv_storage, ("namespaceId", "date"), {"max": ("keyCount", "byteCount")}
    ),
    "r2StorageAdaptiveGroups": Dataset(
        _r2_storage, ("bucketName", "date"), {"max": ("objectCount", "payloadSize", "metadataSize")}
    ),
}
