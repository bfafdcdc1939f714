"""Domains without mail that do not say so."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView


def _judge(zone: ZoneView) -> Found:
    apex = {one["type"] for one in zone.by_name.get(zone.name, ())}
    # Without an address, senders have nowhere to deliver to; with a CNAME, the target decides.
    if zone.full and apex & {"A", "AAAA"} and "MX" not in apex:
        yield Subject(RECORDS, f"{zone.name} MX", "no MX and no null MX: senders try the web server", {})


CHECK = Check(
    id="null-mx",
    severity="low",
    title="No MX and no null MX",
    why="Without MX, senders deliver to the address of the web server, and try for days.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.create --zone ZONE --name @ --type MX --content . --priority 0",
    caution="A domain without an address at its apex is not reported.",
    sources=("RFC 7505",),
)
