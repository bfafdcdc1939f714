"""Zones that do not bind browsers to HTTPS."""

from __future__ import annotations

from ops.checks.model import DAY, RECORDS, SETTINGS, Check, Found, Subject, ZoneView
from ops.items import reach

LEAST = 180 * DAY


def _judge(zone: ZoneView) -> Found:
    setting = zone.settings.get("security_header")
    if not zone.proxied or setting is None:
        return
    header = reach(setting, "value.strict_transport_security")
    if not isinstance(header, dict) or not header.get("enabled"):
        yield Subject(SETTINGS, "security_header", "HSTS is off", setting)
    elif (age := header.get("max_age") or 0) < LEAST:
        yield Subject(SETTINGS, "security_header", f"HSTS lasts {int(age / DAY)} days only", setting)


CHECK = Check(
    id="hsts",
    severity="low",
    title="HSTS is off or shorter than six months",
    why="A browser that has seen the header never speaks plain HTTP to the domain again.",
    needs=(SETTINGS, RECORDS),
    judge=_judge,
    fix="turn it on in the dashboard (SSL/TLS > Edge Certificates), first for a day, then for a year",
    caution="The origin may send the header by itself, which is not known here. Do not preload: that cannot"
    " be undone for months. A zone without a proxied record is not reported.",
    sources=("Prowler: zone_hsts_enabled", "FlareInspect"),
)
