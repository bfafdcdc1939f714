"""Load balancers of a zone, and the pools and monitors of an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def list_load_balancers(client: Client, zone_id: str) -> Listing:
    """List a zone's load balancers; they refer to pools by id."""
    return client.whole(path("/zones/{}/load_balancers", zone_id))


def list_pools(client: Client, account_id: str) -> Listing:
    """List an account's pools with their origins."""
    return client.whole(path("/accounts/{}/load_balancers/pools", account_id))


def list_monitors(client: Client, account_id: str) -> Listing:
    """List an account's monitors: the health checks of pools."""
    return client.whole(path("/accounts/{}/load_balancers/monitors", account_id))
