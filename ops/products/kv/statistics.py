"""What is done in KV and how much it stores, by namespace and day (docs:kv/observability)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.analytics.dataset import ACCOUNT, Dataset, Statistics, latest, total
from ops.items import reach

if TYPE_CHECKING:
    from ops.items import Json

_KINDS = {"read": "reads", "write": "writes", "delete": "deletes", "list": "lists"}


def _operations(groups: Sequence[Json]) -> Json:
    of = {
        name: [one for one in groups if one["dimensions"]["actionType"] == kind]
        for kind, name in _KINDS.items()
    }
    by_kind = {name: total(some, "sum.requests") for name, some in of.items()}
    return {"operations": total(groups, "sum.requests"), **by_kind}


def _storage(groups: Sequence[Json]) -> Json:
    last = latest(groups)
    return {
        "keys": reach(last, "max.keyCount"),
        "bytes": reach(last, "max.byteCount"),
        "counted_on": reach(last, "dimensions.date"),
    }


OPERATIONS = Dataset(
    node="kvOperationsAdaptiveGroups",
    title="operations",
    subject="namespaceId",
    select=("sum.requests",),
    by=("actionType",),
    trend="sum.requests",
    by_day=True,
    row=_operations,
)
STORAGE = Dataset(
    node="kvStorageAdaptiveGroups",
    title="sizes",
    subject="namespaceId",
    select=("max.keyCount", "max.byteCount"),
    by=("date",),
    by_day=True,
    row=_storage,
    exact=("counted_on",),
)
STATISTICS = Statistics(ACCOUNT, (OPERATIONS, STORAGE))
