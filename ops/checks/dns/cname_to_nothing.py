"""CNAMEs into an own zone, at a name that has no record."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, target, titled

# These names only prove something to others; nobody visits them.
_PROOFS = ("_acme-challenge", "_domainkey")


def _judge(zone: ZoneView) -> Found:
    for record in zone.of("CNAME"):
        name, wanted = record["name"].lower(), target(record)
        if any(proof in text for proof in _PROOFS for text in (name, wanted)):
            continue
        where = zone.account.zone_of(wanted)
        # Other servers answer for a partial zone, and for names below a delegation.
        if where is None or where.get("type") != "full" or where.get("status") != "active":
            continue
        if where["id"] == zone.scope and _delegated(zone, wanted):
            continue
        if not zone.account.exists(wanted, where):
            problem = f"points to {wanted}, which has no record in {where['name']}"
            yield Subject(RECORDS, titled(record), problem, record)


def _delegated(zone: ZoneView, name: str) -> bool:
    """True if *name* is at or below a name with NS records other than the apex."""
    delegated = {one["name"].lower() for one in zone.of("NS")} - {zone.name}
    return any(name == one or name.endswith(f".{one}") for one in delegated)


CHECK = Check(
    id="cname-to-nothing",
    severity="high",
    title="CNAME to a name without a record in an own zone",
    why="Visitors of the name get an error. Anyone who may create records can serve content under it.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.delete --zone ZONE --name NAME --type CNAME, or create the record that it points to",
    caution="Names that a wildcard answers, delegated names, partial zones, and the targets of certificate"
    " and DKIM proofs are not reported.",
    sources=("Cloudflare Security Insights: dangling records", "Prowler: dns_record_cname_target_valid"),
)
