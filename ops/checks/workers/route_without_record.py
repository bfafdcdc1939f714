"""Routes that are never called, because their host has no proxied record."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView
from ops.items import Json
from ops.products.workers.resources import host_of

ROUTE, DOMAIN = "workers.route", "workers.domain"
SERVED = ("A", "AAAA", "CNAME")


def _judge(zone: ZoneView) -> Found:
    if not zone.full:
        return
    domains = {domain["hostname"].lower() for domain in zone.account.items(DOMAIN)}
    for route in zone.items(ROUTE):
        host = host_of(route["pattern"])
        if host in domains or records_of(zone, host):
            continue
        yield Subject(ROUTE, route["pattern"], f"is never called: {host} has no record", route)


def records_of(zone: ZoneView, host: str) -> list[Json]:
    """Return the records of an address at *host*, which may hold `*`; a wildcard record counts."""
    if "*" in host:
        return [one for one in zone.of(*SERVED) if fnmatchcase(one["name"].lower(), host)]
    own = [one for one in zone.by_name.get(host, ()) if one["type"] in SERVED]
    if own or not zone.account.exists(host, zone.zone) or host in zone.by_name:
        return own
    labels = host.split(".")
    above = (f"*.{'.'.join(labels[n:])}" for n in range(1, len(labels)))
    return next((zone.by_name[name] for name in above if name in zone.by_name), [])


CHECK = Check(
    id="route-without-record",
    severity="medium",
    title="A route whose host has no record",
    why="The Worker is never called there, although it looks as if it were.",
    needs=(ROUTE, RECORDS, DOMAIN),
    judge=_judge,
    fix='inv dns.create --zone ZONE --name NAME --type AAAA --content "100::" --proxied, or delete the route',
    caution="Wildcard records and custom domains count; partial zones have their records elsewhere.",
)
