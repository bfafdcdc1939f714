"""DKIM: signatures of mail."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView


def _judge(zone: ZoneView) -> Found:
    if not zone.full or not zone.accepts_mail:
        return
    # A key, a CNAME to a service's key, or a delegation of the whole name.
    if not any("_domainkey" in name for name in zone.by_name):
        yield Subject(RECORDS, f"_domainkey.{zone.name}", "no key was seen, although the domain has MX", {})


CHECK = Check(
    id="dkim",
    severity="low",
    title="No DKIM key was seen",
    why="Without signatures, forwarded mail of the domain fails DMARC.",
    needs=(RECORDS,),
    judge=_judge,
    fix="publish the keys that the mail provider names",
    caution="Selectors cannot be listed from outside, but all records of the zone are known here. A domain"
    " that only receives mail needs none.",
    sources=("Prowler: dns_dkim",),
)
