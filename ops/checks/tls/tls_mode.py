"""Zones whose traffic to the origin, or from the visitor, is not encrypted."""

from __future__ import annotations

from ops.checks.model import RECORDS, RULES, SETTINGS, Check, Found, Subject, ZoneView
from ops.snapshots.whole import NotRead

_PROBLEMS = {
    "off": "is off: visitors are not encrypted at all",
    "flexible": "is flexible: Cloudflare speaks to the origin without encryption",
}
PHASE = "http_config_settings"


def _judge(zone: ZoneView) -> Found:
    ssl = zone.settings.get("ssl")
    if not zone.proxied or ssl is None or ssl.get("value") not in _PROBLEMS:
        return
    if not overridden(zone):
        yield Subject(SETTINGS, "ssl", _PROBLEMS[ssl["value"]], ssl)


def overridden(zone: ZoneView) -> bool:
    """True if a rule for all requests sets another mode. Rules that were not read set none."""
    try:
        rules = zone.rules(PHASE)
    except NotRead:
        return False
    modes = (r.get("action_parameters", {}).get("ssl") for r in rules if r.get("expression") == "true")
    return any(mode in ("full", "strict", "origin_pull") for mode in modes)


CHECK = Check(
    id="tls-mode",
    severity="high",
    title="Encryption mode off or flexible",
    why="Passwords and cookies travel readable between Cloudflare and the origin, or all the way.",
    needs=(SETTINGS, RECORDS),
    also=(RULES,),
    judge=_judge,
    fix="inv zones.set ZONE --setting ssl --value strict, after the origin has a certificate",
    caution="A zone without a proxied record is not reported. Rules for single hosts may set another mode;"
    " one for all requests is respected where rules were read (scan.export --deep).",
    sources=("Prowler: zone_ssl_strict", "FlareInspect: SSL-001", "Cloudflare Security Insights"),
)
