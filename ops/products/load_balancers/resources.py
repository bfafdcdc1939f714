"""The kinds of load balancing: balancers of a zone, pools and monitors of the account."""

from __future__ import annotations

from ops.kinds.collection import collection
from ops.kinds.resource import Restore

READ = "Account > Load Balancing: Monitors and Pools > Read"
# A monitor has no name; these say what it requests, and how often.
REQUEST = {"description": str, "type": str, "method": str, "path": str, "port": int, "interval": int}
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
    restore=Restore(mentions=("load_balancers.monitor", "tunnels.tunnel", "tunnels.virtual_network")),
    terraform="cloudflare_load_balancer_pool",
)
BALANCER = collection(
    "load_balancers.balancer",
    "/zones/{zone}/load_balancers",
    "Zone > Load Balancers > Read",
    volatile=("zone_name",),
    restore=Restore(mentions=("load_balancers.pool",)),
    terraform="cloudflare_load_balancer",
)
RESOURCES = (BALANCER, POOL, MONITOR)
