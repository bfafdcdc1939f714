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
WRITES = {
    "load-balancers.pool-create": Case(
        ("load-balancers.pool-create", "--pool", "north", "--origin", "web-1=192.0.2.10")
    ),
    "load-balancers.pool-update": Case(
        ("load-balancers.pool-update", "--pool", "pool-west", "--enabled", "no", "--origin", "a=192.0.2.1")
    ),
    "load-balancers.pool-delete": Case(("load-balancers.pool-delete", "--pool", "pool-west", "--yes")),
}
