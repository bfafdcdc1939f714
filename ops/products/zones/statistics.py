"""What zones serve: requests by status and cache status, bytes (docs:analytics/graphql-api), and threats.

No document says in which dataset threats are: httpRequests1dGroups is tried, as the deprecated minute-wise
one of docs:…/migration-guides/zone-analytics has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.analytics.dataset import ZONE, Dataset, Statistics, total

if TYPE_CHECKING:
    from ops.items import Json

# The cache answered, if need be after it asked the origin whether its copy is still valid.
CACHED = ("hit", "stale", "updating", "revalidated")


def _row(groups: Sequence[Json]) -> Json:
    requests = total(groups, "count")
    codes: Counter[str] = Counter()
    cached = 0
    for group in groups:
        codes[str(group["dimensions"]["edgeResponseStatus"])] += round(group["count"])
        cached += round(group["count"]) if group["dimensions"]["cacheStatus"] in CACHED else 0
    classes = {f"{first}xx": sum(n for code, n in codes.items() if code[0] == first) for first in "2345"}
    return {
        "requests": requests,
        "bytes": total(groups, "sum.edgeResponseBytes"),
        "cached_percent": round(100 * cached / requests, 1) if requests else None,
        **classes,
        "status_codes": dict(sorted(codes.items())),
    }


REQUESTS = Dataset(
    node="httpRequestsAdaptiveGroups",
    title="requests",
    select=("count", "sum.edgeResponseBytes"),
    by=("edgeResponseStatus", "cacheStatus"),
    trend="count",
    row=_row,
)
THREATS = Dataset(
    node="httpRequests1dGroups",
    title="threats",
    select=("sum.threats",),
    by_day=True,
    since="threats_since",
    row=lambda groups: {"threats": total(groups, "sum.threats")},
    documented=False,
)
STATISTICS, LAST_DAY = Statistics(ZONE, (REQUESTS, THREATS)), Statistics(ZONE, (REQUESTS,))
