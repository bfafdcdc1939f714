"""What load balancing lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.load_balancers import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def _pools(client: Client, account: Owner) -> Listing:
    return api.list_pools(client, account.id)


def _monitors(client: Client, account: Owner) -> Listing:
    return api.list_monitors(client, account.id)


def _balancers(client: Client, zone: Owner) -> Listing:
    return api.list_load_balancers(client, zone.id)


RESOURCES = (
    Resource(
        kind="load_balancers.pool",
        scope=ACCOUNT,
        list=_pools,
        identity=("name",),
        volatile=("id", "created_on", "modified_on", "disabled_at", "healthy"),
        needs="Account > Load Balancing: Monitors and Pools > Read",
    ),
    Resource(
        kind="load_balancers.monitor",
        scope=ACCOUNT,
        list=_monitors,
        # A monitor has no name; this is what it asks for, and how often.
        identity=("description", "type", "method", "path", "port", "interval"),
        label="description",
        volatile=("id", "created_on", "modified_on"),
        needs="Account > Load Balancing: Monitors and Pools > Read",
    ),
    Resource(
        kind="load_balancers.balancer",
        scope="zones.zone",
        list=_balancers,
        identity=("name",),
        volatile=("id", "created_on", "modified_on"),
        deep=True,
        needs="Zone > Load Balancers > Read",
    ),
)
