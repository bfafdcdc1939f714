"""Zones that accept old versions of TLS."""

from __future__ import annotations

from ops.checks.model import RECORDS, SETTINGS, Check, Found, Subject, ZoneView


def _judge(zone: ZoneView) -> Found:
    setting = zone.settings.get("min_tls_version")
    if zone.proxied and setting is not None and setting.get("value") in ("1.0", "1.1"):
        yield Subject(SETTINGS, "min_tls_version", f"is {setting['value']}", setting)


CHECK = Check(
    id="tls-min",
    severity="medium",
    title="TLS 1.0 or 1.1 is accepted",
    why="Both are broken and deprecated (RFC 8996).",
    needs=(SETTINGS, RECORDS),
    judge=_judge,
    fix="inv zones.set ZONE --setting min_tls_version --value 1.2",
    caution="1.0 is the default of new zones. Old devices may need it: accept it with a date. A zone without"
    " a proxied record is not reported.",
    sources=("Prowler: zone_min_tls_version_secure", "FlareInspect: SSL-002"),
)
