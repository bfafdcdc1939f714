"""Zones that accept any certificate of the origin."""

from __future__ import annotations

from ops.checks.model import RECORDS, RULES, SETTINGS, Check, Found, Subject, ZoneView, target
from ops.checks.tls.tls_mode import overridden

AUTOMATIC = "ssl_automatic_mode"
TUNNEL = ".cfargotunnel.com"


def _judge(zone: ZoneView) -> Found:
    ssl = zone.settings.get("ssl")
    if not zone.proxied or ssl is None or ssl.get("value") != "full":
        return
    # Cloudflare raises the mode by itself in the automatic mode; a tunnel is encrypted by itself.
    if zone.settings.get(AUTOMATIC, {}).get("value") == "auto":
        return
    if all(target(record).endswith(TUNNEL) for record in zone.proxied) or overridden(zone):
        return
    yield Subject(SETTINGS, "ssl", "is full: a forged certificate of the origin is accepted", ssl)


CHECK = Check(
    id="tls-not-strict",
    severity="medium",
    title="Encryption mode full, not strict",
    why="Anyone who gets between Cloudflare and the origin can read everything with any certificate.",
    needs=(SETTINGS, RECORDS),
    also=(RULES,),
    judge=_judge,
    fix="inv zones.set ZONE --setting ssl --value strict, after the origin has a valid certificate",
    caution="Zones that only use tunnels, and those in the automatic mode, are not reported.",
    sources=("Prowler: zone_ssl_strict",),
)
