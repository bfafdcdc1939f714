"""What Workers do: requests, errors and CPU time by script (docs:…/tutorials/querying-workers-metrics)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.analytics.dataset import ACCOUNT, Dataset, Statistics, highest, total

if TYPE_CHECKING:
    from ops.items import Json


def _row(groups: Sequence[Json]) -> Json:
    # Cloudflare counts CPU time in microseconds.
    times = {name: highest(groups, f"quantiles.cpuTime{name.upper()}") for name in ("p50", "p99")}
    return {
        "requests": total(groups, "sum.requests"),
        "errors": total(groups, "sum.errors"),
        **{f"cpu_{name}_ms": None if time is None else round(time / 1000, 3) for name, time in times.items()},
    }


INVOCATIONS = Dataset(
    node="workersInvocationsAdaptive",
    title="invocations",
    subject="scriptName",
    select=("sum.requests", "sum.errors", "quantiles.cpuTimeP50", "quantiles.cpuTimeP99"),
    trend="sum.requests",
    row=_row,
)
STATISTICS = Statistics(ACCOUNT, (INVOCATIONS,))
