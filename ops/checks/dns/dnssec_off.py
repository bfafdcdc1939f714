"""Zones without DNSSEC."""

from __future__ import annotations

from ops.checks.model import Check, Found, Subject, ZoneView

KIND = "zones.dnssec"


def _judge(zone: ZoneView) -> Found:
    for dnssec in zone.items(KIND):
        if zone.full and dnssec.get("status") == "disabled":
            yield Subject(KIND, "dnssec", "is disabled", dnssec)


CHECK = Check(
    id="dnssec-off",
    severity="medium",
    title="DNSSEC is disabled",
    why="Answers can be forged between a resolver and Cloudflare.",
    needs=(KIND,),
    judge=_judge,
    fix="turn it on in the dashboard (DNS > Settings) and add the DS record at the registrar",
    caution="Partial and secondary zones are not reported: others sign them. Not every registrar takes DS.",
    sources=("Prowler: zone_dnssec_enabled", "FlareInspect: DNS-001"),
)
