"""The kinds of load balancing: balancers of a zone, pools and monitors of the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def _block(type: str) -> Callable[[Owner, Json], Block]:
    return lambda owner, item: Block(type, f"{owner.id}/{item['id']}")


POOL = Resource(
    kind="load_balancers.pool",
    parent=ACCOUNT,
    path="/accounts/{account}/load_balancers/pools",
    paging=Whole(),
    needs="Account > Load Balancing: Monitors and Pools > Read",
    identity=("name",),
    compare=Compare(volatile=("id", "created_on", "modified_on", "disabled_at", "healthy")),
    terraform=_block("cloudflare_load_balancer_pool"),
)
MONITOR = Resource(
    kind="load_balancers.monitor",
    parent=ACCOUNT,
    path="/accounts/{account}/load_balancers/monitors",
    paging=Whole(),
    needs="Account > Load Balancing: Monitors and Pools > Read",
    # A monitor has no name; these say what it requests, and how often.
    identity=("description", "type", "method", "path", "port", "interval"),
    label="description",
    compare=Compare(volatile=("id", "created_on", "modified_on")),
    terraform=_block("cloudflare_load_balancer_monitor"),
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
    terraform=_block("cloudflare_load_balancer"),
)
RESOURCES = (BALANCER, POOL, MONITOR)
