"""The tasks of the `load-balancers` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

READ = "Zone > Load Balancers > Read; Account > Load Balancing: Monitors and Pools > Read"
EDIT_POOLS = "Account > Load Balancing: Monitors and Pools > Edit"
NAMED = "name or id of the pool"
ORIGIN = "NAME=ADDRESS of an origin; may be repeated"
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


@command(
    "pool-create",
    required=("pool", "origin"),
    writes=True,
    needs=EDIT_POOLS,
    help={"pool": "name of the new pool", "origin": ORIGIN, "monitor": "description or id of its monitor"},
)
def create_pool(app: App, pool: str = "", origin: tuple[str, ...] = (), monitor: str = "") -> Rows:
    """Create a pool of origins.

    inv load-balancers.pool-create --pool north --origin web-1=192.0.2.10 --origin web-2=192.0.2.11
    """
    from ops.products.load_balancers.resources import MONITOR, POOL
    from ops.writes.by_name import ByName

    wanted: Json = {"name": pool, "origins": list(map(_origin, origin)), "enabled": True}
    if monitor:
        wanted["monitor"] = ByName(app, MONITOR).find(monitor).get("id", "")
    return ByName(app, POOL).create(wanted)


@command(
    "pool-update",
    required=("pool",),
    writes=True,
    needs=EDIT_POOLS,
    help={"pool": NAMED, "origin": f"{ORIGIN}; those not named are removed", "enabled": "yes or no"},
)
def update_pool(app: App, pool: str = "", origin: tuple[str, ...] = (), enabled: str = "") -> Rows:
    """Switch a pool on or off, or replace its origins; an origin that stays keeps its weight and headers.

    inv load-balancers.pool-update --pool pool-west --enabled no
    """
    from ops.errors import UsageError
    from ops.products.load_balancers.resources import POOL
    from ops.writes.by_name import ByName

    if enabled not in ("", "yes", "no") or not (origin or enabled):
        raise UsageError("name what to change: --origin NAME=ADDRESS, --enabled yes or --enabled no")
    pools = ByName(app, POOL)
    changes: Json = {"enabled": enabled == "yes"} if enabled else {}
    if origin:
        known = {one.get("name"): one for one in pools.find(pool).get("origins") or ()}
        wanted = map(_origin, origin)
        changes["origins"] = [known.get(one["name"], {"enabled": True}) | one for one in wanted]
    return pools.update(pool, changes)


@command("pool-delete", required=("pool",), writes=True, needs=EDIT_POOLS, help={"pool": NAMED})
def delete_pool(app: App, pool: str = "") -> Rows:
    """Delete a pool; Cloudflare refuses one that a load balancer uses.

    inv load-balancers.pool-delete --pool pool-west --yes
    """
    from ops.products.load_balancers.resources import POOL
    from ops.writes.by_name import ByName

    return ByName(app, POOL).delete(pool)


def _origin(text: str) -> Json:
    from ops.errors import UsageError

    name, _, address = text.partition("=")
    if not (name and address):
        raise UsageError(f"--origin {text!r} is not NAME=ADDRESS", hint="e.g. --origin web-1=192.0.2.10")
    return {"name": name, "address": address}
