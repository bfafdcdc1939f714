"""The tasks of load-balancers."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "load-balancers.list": Read(("--zone", "shop.example"), sends="GET .*/load_balancers", prints="www.shop"),
    "load-balancers.pools": Read(sends="GET .*/pools", prints="pool-west"),
    "load-balancers.monitors": Read(sends="GET .*/monitors", prints="health check"),
    "load-balancers.info": Read(
        ("--balancer", "www.shop.example"), sends="GET .*/load_balancers", prints="geo"
    ),
}
