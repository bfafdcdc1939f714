"""The tasks of the `load-balancers` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ = "Zone > Load Balancers > Read; Account > Load Balancing: Monitors and Pools > Read"
COLUMNS = (
    Column("parent", LOW),
    Column("name", KEY),
    "enabled",
    "steering_policy",
    Column("id", LOW),
)
POOLS = (
    Column("name", KEY),
    "enabled",
    Column("healthy", MAIN),
    "monitor",
    Column("id", LOW),
)
MONITORS = (
    Column("description", KEY),
    "type",
    Column("path", KEY),
    "interval",
    Column("id", LOW),
)


@command("list", needs=READ, help={"zone": "only those of this zone (domain or id)"})
def list_balancers(app: App, zone: str = "") -> Rows:
    """List the load balancers of all zones, or of one.

    inv load-balancers.list --zone shop.example
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("load_balancers.balancer", zone), COLUMNS, "load balancer")


@command("pools", needs=READ)
def list_pools(app: App) -> Rows:
    """List the pools of origins.

    inv load-balancers.pools
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("load_balancers.pool"), POOLS, "pool")


@command("monitors", needs=READ)
def list_monitors(app: App) -> Rows:
    """List the monitors; values of headers are hidden.

    inv load-balancers.monitors
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("load_balancers.monitor"), MONITORS, "monitor")


@command("info", required=("balancer",), needs=READ, help={"balancer": "name or id of the load balancer"})
def info(app: App, balancer: str = "") -> Item:
    """Show a load balancer.

    inv load-balancers.info --balancer www.shop.example
    """
    from ops.scan.items import Items

    return Item(Items(app).one("load_balancers.balancer", balancer))
