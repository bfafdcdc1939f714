"""DNSSEC that is enabled, but whose DS record never reached the registrar."""

from __future__ import annotations

from ops.checks.model import DAY, Check, Found, Subject, ZoneView
from ops.items import seconds_of
from ops.snapshots.whole import NotRead

KIND = "zones.dnssec"
DAYS = 3


def _judge(zone: ZoneView) -> Found:
    for dnssec in zone.items(KIND):
        if dnssec.get("status") != "pending":
            continue
        if not (since := seconds_of(dnssec.get("modified_on"))):
            yield NotRead(KIND, "pending", "since when is not known")
        elif zone.now - since > DAYS * DAY:
            days = int((zone.now - since) / DAY)
            yield Subject(KIND, "dnssec", f"waits for the DS record for {days} days", dnssec)


CHECK = Check(
    id="dnssec-pending",
    severity="high",
    title="DNSSEC waits for the DS record at the registrar",
    why="The zone is signed, but nobody verifies it: it is not protected, although it seems to be.",
    needs=(KIND,),
    judge=_judge,
    fix="add the DS record at the registrar; `inv zones.show ZONE` shows it",
    caution=f"The first {DAYS} days are not reported.",
)
