"""Zones that serve pages over plain HTTP."""

from __future__ import annotations

from ops.checks.model import RECORDS, RULES, SETTINGS, Check, Found, Subject, ZoneView
from ops.items import Json

PHASE = "http_request_dynamic_redirect"
PAGE_RULES = "pagerules.rule"


def _judge(zone: ZoneView) -> Found:
    setting = zone.settings.get("always_use_https")
    if not zone.proxied or setting is None or setting.get("value") != "off":
        return
    redirects = any("ssl" in str(rule.get("expression")) for rule in zone.rules(PHASE))
    if not redirects and not any(map(_uses_https, zone.items(PAGE_RULES))):
        yield Subject(SETTINGS, "always_use_https", "is off, and no rule redirects to HTTPS", setting)


def _uses_https(rule: Json) -> bool:
    actions = {str(action.get("id")) for action in rule.get("actions") or ()}
    return rule.get("status") == "active" and "always_use_https" in actions


CHECK = Check(
    id="https-redirect",
    severity="low",
    title="Plain HTTP is not redirected",
    why="The first request of a visitor can be read and changed on its way.",
    needs=(SETTINGS, RECORDS),
    also=(RULES, PAGE_RULES),
    judge=_judge,
    fix="inv zones.set ZONE --setting always_use_https --value on",
    caution="Redirect rules and page rules count, so this needs a snapshot with them (scan.export --deep)."
    " The origin may redirect by itself, which is not known here.",
    sources=("Prowler: zone_https_redirect_enabled", "FlareInspect", "Cloudflare Security Insights"),
)
