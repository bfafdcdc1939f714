"""What load balancing lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.load_balancers import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _pools(client: Client, account: Owner) -> Listing:
    return api.list_pools(client, account.id)


def _monitors(client: Client, account: Owner) -> Listing:
    return api.list_monitors(client, account.id)


def _balancers(client: Client, zone: Owner) -> Listing:
    return api.list_load_balancers(client, zone.id)


def _pool_block(account: Owner, pool: Json) -> Block:
    return Block("cloudflare_load_balancer_pool", f"{account.account_id}/{pool['id']}")


def _monitor_block(account: Owner, monitor: Json) -> Block:
    return Block("cloudflare_load_balancer_monitor", f"{account.account_id}/{monitor['id']}")


def _balancer_block(zone: Owner, balancer: Json) -> Block:
    return Block("cloudflare_load_balancer", f"{zone.id}/{balancer['id']}")


RESOURCES = (
    Resource(
        kind="load_balancers.pool",
        parent=ACCOUNT,
        list=_pools,
        identity=("name",),
        compare=Compare(volatile=("id", "created_on", "modified_on", "disabled_at", "healthy")),
        terraform=_pool_block,
        needs="Account > Load Balancing: Monitors and Pools > Read",
    ),
    Resource(
        kind="load_balancers.monitor",
        parent=ACCOUNT,
        list=_monitors,
        # A monitor has no name; this is what it asks for, and how often.
        identity=("description", "type", "method", "path", "port", "interval"),
        label="description",
        compare=Compare(volatile=("id", "created_on", "modified_on")),
        terraform=_monitor_block,
        needs="Account > Load Balancing: Monitors and Pools > Read",
    ),
    Resource(
        kind="load_balancers.balancer",
        parent="zones.zone",
        list=_balancers,
        identity=("name",),
        compare=Compare(volatile=("id", "created_on", "modified_on")),
        deep=True,
        terraform=_balancer_block,
        needs="Zone > Load Balancers > Read",
    ),
)
