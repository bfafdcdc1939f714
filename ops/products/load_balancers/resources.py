"""The kinds of load balancing: balancers of a zone, pools and monitors of the account."""

from __future__ import annotations

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Compare, Resource, Restore, block

POOL = Resource(
    kind="load_balancers.pool",
    parent=ACCOUNT,
    path="/accounts/{account}/load_balancers/pools",
    paging=Whole(),
    needs="Account > Load Balancing: Monitors and Pools > Read",
    identity=("name",),
    compare=Compare(volatile=("id", "created_on", "modified_on", "disabled_at", "healthy")),
    restore=Restore(mentions=("load_balancers.monitor",)),
    terraform=block("cloudflare_load_balancer_pool", "{account_id}/{id}"),
)
MONITOR = Resource(
    kind="load_balancers.monitor",
    parent=ACCOUNT,
    path="/accounts/{account}/load_balancers/monitors",
    paging=Whole(),
    needs="Account > Load Balancing: Monitors and Pools > Read",
    # A monitor has no name; these say what it requests, and how often.
    identity=("description", "type", "method", "path", "port", "interval"),
    types={"description": str, "type": str, "method": str, "path": str, "port": int, "interval": int},
    label="description",
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    terraform=block("cloudflare_load_balancer_monitor", "{account_id}/{id}"),
)
BALANCER = Resource(
    kind="load_balancers.balancer",
    parent="zones.zone",
    path="/zones/{zone}/load_balancers",
    paging=Whole(),
    needs="Zone > Load Balancers > Read",
    identity=("name",),
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    deep=True,
    restore=Restore(mentions=("load_balancers.pool",)),
    terraform=block("cloudflare_load_balancer", "{zone_id}/{id}"),
)
RESOURCES = (BALANCER, POOL, MONITOR)
