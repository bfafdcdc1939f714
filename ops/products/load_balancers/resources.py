"""The kinds of load balancing: balancers of a zone, pools and monitors of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.items import texts, without
from ops.kinds.collection import STAMPS, collection
from ops.kinds.resource import Restore, Uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.items import Json

READ = "Account > Load Balancing: Monitors and Pools > Read"
# A monitor has no name; these say what it requests, and how often.
REQUEST = {"description": str, "type": str, "method": str, "path": str, "port": int, "interval": int}
# Pools are named by default, by region, country and data center, and by rules.
NAMING = ("default_pools", "fallback_pool", "region_pools", "country_pools", "pop_pools", "rules")


def _monitor_of(_account: str, pool: Json) -> Iterator[tuple[str, str]]:
    if monitor := pool.get("monitor"):
        yield "load_balancers.monitor", str(monitor)


def _pools_of(_zone: str, balancer: Json) -> Iterator[tuple[str, str]]:
    for pool in dict.fromkeys(texts([balancer.get(field) for field in NAMING])):
        yield "load_balancers.pool", pool


def _without_stamps(group: Json) -> Json:
    """Return a group without the times of its members."""
    return {**group, "members": [without(member, STAMPS) for member in group["members"]]}


MONITOR = collection(
    "load_balancers.monitor",
    "/accounts/{account}/load_balancers/monitors",
    READ,
    identity=tuple(REQUEST),
    types=REQUEST,
    label="description",
    secret=("header.*",),
    terraform="cloudflare_load_balancer_monitor",
)
POOL = collection(
    "load_balancers.pool",
    "/accounts/{account}/load_balancers/pools",
    READ,
    volatile=("disabled_at", "healthy", "networks"),
    secret=("origins.header.*",),
    restore=Restore(
        mentions=(
            "load_balancers.monitor",
            "load_balancers.monitor_group",
            "tunnels.tunnel",
            "tunnels.virtual_network",
        )
    ),
    uses=Uses(("load_balancers.monitor",), _monitor_of),
    terraform="cloudflare_load_balancer_pool",
)
BALANCER = collection(
    "load_balancers.balancer",
    "/zones/{zone}/load_balancers",
    "Zone > Load Balancers > Read",
    volatile=("zone_name",),
    restore=Restore(mentions=("load_balancers.pool",)),
    uses=Uses(("load_balancers.pool",), _pools_of),
    terraform="cloudflare_load_balancer",
)
_GROUP = collection(
    "load_balancers.monitor_group",
    "/accounts/{account}/load_balancers/monitor_groups",
    READ,
    identity=("description",),
    label="description",
    restore=Restore(mentions=("load_balancers.monitor",)),
    deep=True,
    terraform="cloudflare_load_balancer_monitor_group",
)
GROUP = _GROUP._replace(compare=_GROUP.compare._replace(canonical=_without_stamps))
RESOURCES = (BALANCER, POOL, MONITOR, GROUP)
