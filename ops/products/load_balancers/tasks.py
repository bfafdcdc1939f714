"""The tasks of the `load-balancers` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.writes.by_name import ByName

READ = "Zone > Load Balancers > Read; Account > Load Balancing: Monitors and Pools > Read"
EDIT = "Zone > Load Balancers > Edit"
EDIT_POOLS = "Account > Load Balancing: Monitors and Pools > Edit"
NAMED = "name or id of the pool"
BALANCER = "name or id of the load balancer"
ZONE = "domain or id of its zone"
POOL = "name or id of a pool, in the order of preference; may be repeated"
BALANCING = {
    "balancer": BALANCER,
    "zone": ZONE,
    "pool": POOL,
    "fallback": "the pool that gets the traffic when none is healthy",
    "steering": "how a pool is chosen, e.g. off, random, geo, dynamic_latency, proximity",
    "proxied": "yes or no: through Cloudflare",
}
MONITOR = "description or id of the monitor"
MONITORING = {
    "monitor": MONITOR,
    "path": "what is requested (http, https)",
    "port": "the port (default: that of the type)",
    "interval": "seconds between two checks",
    "codes": "the status that is healthy, e.g. 200 or 2xx (http, https)",
}
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


@command(
    "create",
    required=("zone", "balancer", "pool"),
    positional=("zone", "balancer"),
    writes=True,
    needs=f"{EDIT}; Account > Load Balancing: Monitors and Pools > Read",
    help={**BALANCING, "balancer": "its name: a name in the zone"},
)
def create(
    app: App,
    zone: str = "",
    balancer: str = "",
    pool: tuple[str, ...] = (),
    fallback: str = "",
    steering: str = "",
    proxied: str = "yes",
) -> Rows:
    """Create a load balancer; without --fallback the last pool is the fallback.

    inv load-balancers.create --zone shop.example --balancer api.shop.example --pool pool-west
    """
    wanted = {"name": balancer, "enabled": True, **_fields(app, pool, fallback or pool[-1], steering)}
    return _balancers(app, zone).create({**wanted, "proxied": _yes_or_no("--proxied", proxied)})


@command(
    "update",
    required=("zone", "balancer"),
    writes=True,
    needs=f"{EDIT}; Account > Load Balancing: Monitors and Pools > Read",
    help={**BALANCING, "pool": f"{POOL}; those not named are removed", "enabled": "yes or no"},
)
def update(
    app: App,
    zone: str = "",
    balancer: str = "",
    pool: tuple[str, ...] = (),
    fallback: str = "",
    steering: str = "",
    proxied: str = "",
    enabled: str = "",
) -> Rows:
    """Switch a load balancer on or off, or change its pools and how one is chosen.

    inv load-balancers.update --zone shop.example --balancer www.shop.example --enabled no
    """
    from ops.errors import UsageError

    changes = _fields(app, pool, fallback, steering)
    for name, text in (("enabled", enabled), ("proxied", proxied)):
        if text:
            changes[name] = _yes_or_no(f"--{name}", text)
    if not changes:
        raise UsageError("name what to change: --pool, --fallback, --steering, --proxied or --enabled")
    return _balancers(app, zone).update(balancer, changes)


@command(
    "delete",
    required=("zone", "balancer"),
    writes=True,
    needs=EDIT,
    help={"balancer": BALANCER, "zone": ZONE},
)
def delete(app: App, zone: str = "", balancer: str = "") -> Rows:
    """Delete a load balancer: its name no longer resolves, unless a DNS record has it too.

    inv load-balancers.delete --zone shop.example --balancer www.shop.example --yes
    """
    return _balancers(app, zone).delete(balancer)


@command(
    "monitor-create",
    required=("monitor",),
    writes=True,
    needs=EDIT_POOLS,
    help={
        **MONITORING,
        "monitor": "description of the new monitor",
        "type": "http, https, tcp, udp_icmp, icmp_ping or smtp",
    },
)
def create_monitor(
    app: App,
    monitor: str = "",
    type: str = "https",
    path: str = "",
    port: int = 0,
    interval: int = 60,
    codes: str = "",
) -> Rows:
    """Create a monitor, which checks the origins of the pools that name it.

    inv load-balancers.monitor-create --monitor 'shop front' --path /health --codes 2xx
    """
    from ops.products.load_balancers.resources import MONITOR
    from ops.writes.by_name import ByName

    web = {"method": "GET", "path": "/", "expected_codes": "200"} if type in ("http", "https") else {}
    wanted = {"description": monitor, "type": type, **web, **_monitoring(path, port, interval, codes)}
    return ByName(app, MONITOR).create(wanted)


@command("monitor-update", required=("monitor",), writes=True, needs=EDIT_POOLS, help=MONITORING)
def update_monitor(
    app: App, monitor: str = "", path: str = "", port: int = 0, interval: int = 0, codes: str = ""
) -> Rows:
    """Change what a monitor requests, how often, and what is healthy; its headers stay.

    inv load-balancers.monitor-update --monitor 'health check' --interval 30
    """
    from ops.errors import UsageError
    from ops.products.load_balancers.resources import MONITOR
    from ops.writes.by_name import ByName

    if not (changes := _monitoring(path, port, interval, codes)):
        raise UsageError("name what to change: --path, --port, --interval or --codes")
    return ByName(app, MONITOR).update(monitor, changes)


@command("monitor-delete", required=("monitor",), writes=True, needs=EDIT_POOLS, help={"monitor": MONITOR})
def delete_monitor(app: App, monitor: str = "") -> Rows:
    """Delete a monitor; Cloudflare refuses one that a pool uses.

    inv load-balancers.monitor-delete --monitor 'health check'
    """
    from ops.products.load_balancers.resources import MONITOR
    from ops.writes.by_name import ByName

    return ByName(app, MONITOR).delete(monitor)


def _balancers(app: App, zone: str) -> ByName:
    from ops.products.load_balancers.resources import BALANCER
    from ops.products.zones.api import as_owner
    from ops.writes.by_name import ByName

    return ByName(app, BALANCER, as_owner(app.zone(zone)))


def _fields(app: App, pools: tuple[str, ...], fallback: str, steering: str) -> Json:
    """Return the fields of a load balancer that were typed, with the ids of its pools."""
    from ops.products.load_balancers.resources import POOL
    from ops.writes.by_name import ByName

    known = ByName(app, POOL)
    fields: Json = {"default_pools": [known.find(pool).get("id", "") for pool in pools]} if pools else {}
    fields |= {"fallback_pool": known.find(fallback).get("id", "")} if fallback else {}
    return fields | ({"steering_policy": steering} if steering else {})


def _monitoring(path: str, port: int, interval: int, codes: str) -> Json:
    typed = {"path": path, "port": port, "interval": interval, "expected_codes": codes}
    return {name: value for name, value in typed.items() if value}


def _yes_or_no(option: str, text: str) -> bool:
    from ops.errors import UsageError

    if text not in ("yes", "no"):
        raise UsageError(f"{option} is yes or no, not {text!r}")
    return text == "yes"


def _origin(text: str) -> Json:
    from ops.errors import UsageError

    name, _, address = text.partition("=")
    if not (name and address):
        raise UsageError(f"--origin {text!r} is not NAME=ADDRESS", hint="e.g. --origin web-1=192.0.2.10")
    return {"name": name, "address": address}
