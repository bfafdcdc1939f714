"""Names that could be proxied and are not."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, titled


def _judge(zone: ZoneView) -> Found:
    for record in zone.of("A", "AAAA", "CNAME"):
        name = record["name"].lower()
        if record.get("proxied") or not record.get("proxiable") or name in zone.mail_targets:
            continue
        if not name.startswith("_") and "._" not in name:
            yield Subject(RECORDS, titled(record), "is DNS-only", record)


CHECK = Check(
    id="unproxied",
    severity="low",
    title="DNS-only names that could be proxied",
    why="Cloudflare neither protects nor speeds up what it does not proxy.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.update --zone ZONE --name NAME --type A --proxied",
    caution="Often meant so; it runs only with --all. origin-leak reports the dangerous ones. Targets of MX"
    " records and names with an underscore are not reported.",
    sources=("Cloudflare Security Insights", "FlareInspect: DNS-002", "Prowler: dns_record_proxied"),
    default=False,
)
