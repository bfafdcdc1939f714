"""Zones that Cloudflare does not answer for: pending, moved or deactivated."""

from __future__ import annotations

from ops.checks.model import ANY_ZONE, DAY, Check, Found, Subject, ZoneView
from ops.items import seconds_of

KIND = "zones.zone"
DAYS = 7
_PROBLEMS = {
    "pending": "is pending: the registrar names other name servers",
    "initializing": "is initializing",
    "moved": "has moved: its domain names other name servers",
    "deleted": "is deleted",
    "deactivated": "is deactivated",
}


def _judge(zone: ZoneView) -> Found:
    status = str(zone.zone.get("status"))
    created = seconds_of(zone.zone.get("created_on"))
    # A zone that was added just now waits for its registrar.
    new = status in ("pending", "initializing") and zone.now - created < DAYS * DAY
    if status in _PROBLEMS and not new:
        yield Subject(KIND, zone.name, _PROBLEMS[status], zone.zone)


CHECK = Check(
    id="zone-dead",
    severity="medium",
    title="A zone that Cloudflare does not answer for",
    why="Its records and rules have no effect; Cloudflare deletes such zones after some time.",
    needs=(),
    judge=_judge,
    fix="set the name servers at the registrar, or inv zones.delete ZONE",
    judges=ANY_ZONE,
    caution=f"A zone that was added in the last {DAYS} days is being set up.",
)
