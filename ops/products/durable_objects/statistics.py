"""What Durable Objects do: by namespace and day (docs:durable-objects/observability/metrics-and-analytics).

The documents name the datasets and their figures, but not the dimension of a namespace, nor `duration`, nor
the dataset of SQLite's data. The dimension is known from the field. The others are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ops.analytics.dataset import ACCOUNT, Dataset, Statistics, latest, total
from ops.items import reach

if TYPE_CHECKING:
    from ops.items import Json


def _stored(name: str) -> Callable[[Sequence[Json]], Json]:
    return lambda groups: {name: reach(latest(groups), "max.storedBytes")}


_dataset = partial(Dataset, subject="namespaceId", by_day=True)
INVOCATIONS = _dataset(
    "durableObjectsInvocationsAdaptiveGroups",
    "invocations",
    select=("sum.requests",),
    trend="sum.requests",
    row=lambda groups: {"requests": total(groups, "sum.requests")},
)
CPU = _dataset(
    "durableObjectsPeriodicGroups",
    "CPU time",
    select=("sum.cpuTime",),
    # Cloudflare counts CPU time in microseconds.
    row=lambda groups: {"cpu_ms": round(total(groups, "sum.cpuTime") / 1000)},
)
DURATION = _dataset(
    "durableObjectsPeriodicGroups",
    "durations",
    select=("sum.duration",),
    row=lambda groups: {"duration_gb_s": total(groups, "sum.duration")},
    documented=False,
)
STORAGE = _dataset(
    "durableObjectsStorageGroups",
    "sizes",
    select=("max.storedBytes",),
    by=("date",),
    row=_stored("stored_bytes"),
)
SQL_STORAGE = _dataset(
    "durableObjectsSqlStorageGroups",
    "sizes of SQLite",
    select=("max.storedBytes",),
    by=("date",),
    row=_stored("sql_bytes"),
    documented=False,
)
STATISTICS = Statistics(ACCOUNT, (INVOCATIONS, CPU, DURATION, STORAGE, SQL_STORAGE))
LAST_DAY = Statistics(ACCOUNT, (INVOCATIONS,))
