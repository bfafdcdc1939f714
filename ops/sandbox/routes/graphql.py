"""GraphQL analytics: the queries that cfops and wrangler send, distinguished by the dataset they name.

The envelope is `{"data", "errors"}` with status 200, also if the query is wrong. A response has all figures
of the dataset, whichever were selected. Sizes are those of the sandbox's own data now; it counts no traffic,
so the datasets of traffic are empty. Fields: docs:kv/observability/metrics-analytics, wrangler's queries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, require

Row = dict[str, Any]

_KV_SIZES = """
    SELECT namespace, count(*), sum(length(value)) FROM kv_pair
    WHERE deleted IS NULL AND (expiration IS NULL OR expiration > ?) GROUP BY namespace
"""
_R2_SIZES = "SELECT count(*), ifnull(sum(length(value)), 0) FROM r2_object WHERE bucket = ?"


def _kv_storage(store: Store, account: str) -> Iterator[Row]:
    sizes = {row[0]: row[1:] for row in store.rows(_KV_SIZES, (store.now(),))}
    for one in store.list_documents("kv.namespace", account):
        keys, size = sizes.get(one["id"], (0, 0))
        dimensions = {"namespaceId": one["id"], "date": store.stamp()[:10]}
        yield {"max": {"keyCount": keys, "byteCount": size or 0}, "dimensions": dimensions}


def _r2_storage(store: Store, account: str) -> Iterator[Row]:
    for one in store.list_documents("r2.bucket", account):
        objects, size = store.rows(_R2_SIZES, (f"{account}/{one['name']}",))[0]
        dimensions = {"bucketName": one["name"], "datetime": store.stamp()}
        yield {
            "max": {"objectCount": objects, "payloadSize": size, "metadataSize": 0},
            "dimensions": dimensions,
        }


DATASETS: Mapping[str, Callable[[Store, str], Iterator[Row]]] = {
    "kvStorageAdaptiveGroups": _kv_storage,
    "r2StorageAdaptiveGroups": _r2_storage,
    "d1AnalyticsAdaptiveGroups": lambda _store, _account: iter(()),
    "d1QueriesAdaptiveGroups": lambda _store, _account: iter(()),
}


@route("POST", "/graphql", scope="analytics:read")
def answer_query(request: Request, store: Store) -> Answer:
    """Answer for the account and the namespace or bucket that the variables name."""
    body = request.object()
    query, variables = body.get("query"), body.get("variables") or {}
    require(isinstance(query, str) and isinstance(variables, dict))
    account = str(variables.get("accountTag") or variables.get("account") or "")
    names = [name for name in DATASETS if re.search(rf"\b{name}\b", query)]
    if not names:
        return _answer(None, f"the sandbox answers only queries of {', '.join(DATASETS)}", store)
    if store.document_text("account", "", account) is None:
        return _answer(None, "not authorized for that account", store)
    wanted = dict(_conditions(variables))
    found: dict[str, list[Row]] = {name: [] for name in names}
    for name in names:
        for group in DATASETS[name](store, account):
            if all(group["dimensions"].get(field, value) == value for field, value in wanted.items()):
                found[name].append(group)
    return _answer({"viewer": {"accounts": [found]}}, "", store)


def _conditions(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the conditions on a namespace or a bucket anywhere in the variables."""
    for name, inside in value.items() if isinstance(value, dict) else ():
        if name in ("namespaceId", "bucketName"):
            yield name, inside
        yield from _conditions(inside)
    for inside in value if isinstance(value, list) else ():
        yield from _conditions(inside)


def _answer(data: Row | None, error: str, store: Store) -> Answer:
    errors = [{"message": error, "path": None, "extensions": {"timestamp": store.stamp()}}] if error else None
    return Answer(200, {}, dumps({"data": data, "errors": errors}).encode())
