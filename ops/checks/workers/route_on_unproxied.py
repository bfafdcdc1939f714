"""Routes that are never called, because the record below them is DNS-only."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView
from ops.checks.workers.route_without_record import DOMAIN, ROUTE, records_of
from ops.products.workers.resources import host_of


def _judge(zone: ZoneView) -> Found:
    if not zone.full:
        return
    domains = {domain["hostname"].lower() for domain in zone.account.items(DOMAIN)}
    for route in zone.items(ROUTE):
        host = host_of(route["pattern"])
        found = records_of(zone, host)
        if found and host not in domains and not any(record.get("proxied") for record in found):
            yield Subject(ROUTE, route["pattern"], f"is never called: {host} is DNS-only", route)


CHECK = Check(
    id="route-on-unproxied",
    severity="medium",
    title="A route on a DNS-only name",
    why="Visitors go to the origin directly; the Worker, and what it protects, never runs.",
    needs=(ROUTE, RECORDS, DOMAIN),
    judge=_judge,
    fix="inv dns.update --zone ZONE --name NAME --type A --proxied, or delete the route",
    caution="One proxied record among those that match is enough; partial zones are not judged.",
)
