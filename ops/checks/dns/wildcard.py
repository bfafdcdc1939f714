"""Records that answer for every name."""

from __future__ import annotations

from ops.checks.dns.claimable import service_of
from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, target, titled


def _judge(zone: ZoneView) -> Found:
    for record in zone.of("A", "AAAA", "CNAME"):
        if not record["name"].startswith("*."):
            continue
        service = service_of(target(record)) if record["type"] == "CNAME" else ""
        problem = f"answers for every name, with {target(record)}"
        if service:
            yield Subject(RECORDS, titled(record), f"{problem} at {service}", record, severity="medium")
        else:
            yield Subject(RECORDS, titled(record), problem, record)


CHECK = Check(
    id="wildcard",
    severity="low",
    title="A wildcard record",
    why="Mistyped and invented names work, and get cookies of the domain. With a service behind it where"
    " names can be claimed, all of them can be taken over.",
    needs=(RECORDS,),
    judge=_judge,
    fix="replace it by the names in use, or `inv checks.accept` it",
    caution="Often meant so. Wildcards of TXT, MX and CAA records are not reported.",
    sources=("Prowler: dns_record_no_wildcard", "FlareInspect: DNS-003"),
)
