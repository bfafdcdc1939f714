"""Domains at Cloudflare Registrar that end soon, are not renewed, or may be transferred."""

from __future__ import annotations

from ops.checks.model import ACCOUNT, DAY, Check, Found, Subject, View
from ops.items import seconds_of

KIND = "registrar.domain"
DAYS = 30


def _judge(view: View) -> Found:
    for domain in view.items(KIND):
        name, ends = str(domain.get("name")), seconds_of(domain.get("expires_at"))
        left = int((ends - view.now) / DAY)
        if ends and left < DAYS and not domain.get("auto_renew"):
            yield Subject(KIND, name, f"ends on {domain['expires_at'][:10]}, in {left} days", domain)
        elif domain.get("auto_renew") is False:
            yield Subject(KIND, name, "is not renewed automatically", domain, "medium")
        if domain.get("locked") is False:
            yield Subject(KIND, name, "is not locked against a transfer", domain, "medium")


CHECK = Check(
    id="domain-ends",
    severity="critical",
    title="The registration of a domain ends",
    why="A domain that has ended takes everything below it along, and others can register it.",
    needs=(KIND,),
    judge=_judge,
    fix="renew it in the dashboard (Domain Registration), and turn on automatic renewal and the lock",
    judges=ACCOUNT,
    caution="Only domains at Cloudflare Registrar. One that renews automatically may be near its end.",
)
