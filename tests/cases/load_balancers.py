"""The tasks of load-balancers."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "load-balancers.list": Read(("--zone", "shop.example"), sends="GET .*/load_balancers", prints="www.shop"),
    "load-balancers.pools": Read(sends="GET .*/pools", prints="pool-west"),
    "load-balancers.monitors": Read(sends="GET .*/monitors", prints="health check"),
    "load-balancers.info": Read(
        ("--balancer", "www.shop.example"), sends="GET .*/load_balancers", prints="geo"
    ),
}
SHOP = ("--zone", "shop.example", "--balancer")
WRITES = {
    "load-balancers.create": Case(
        ("load-balancers.create", *SHOP, "api.shop.example", "--pool", "pool-west")
    ),
    "load-balancers.update": Case(
        ("load-balancers.update", *SHOP, "www.shop.example", "--pool", "pool-east", "--enabled", "no")
    ),
    "load-balancers.delete": Case(("load-balancers.delete", *SHOP, "www.shop.example", "--yes")),
    "load-balancers.monitor-create": Case(("load-balancers.monitor-create", "--monitor", "shop front")),
    "load-balancers.monitor-update": Case(
        ("load-balancers.monitor-update", "--monitor", "health check", "--interval", "30")
    ),
    "load-balancers.monitor-delete": Case(
        ("load-balancers.monitor-delete", "--monitor", "health check", "--yes")
    ),
    "load-balancers.pool-create": Case(
        ("load-balancers.pool-create", "--pool", "north", "--origin", "web-1=192.0.2.10")
    ),
    "load-balancers.pool-update": Case(
        ("load-balancers.pool-update", "--pool", "pool-west", "--enabled", "no", "--origin", "a=192.0.2.1")
    ),
    "load-balancers.pool-delete": Case(("load-balancers.pool-delete", "--pool", "pool-west", "--yes")),
}
