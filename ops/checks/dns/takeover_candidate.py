"""CNAMEs to a service where names can be claimed, at a name that DNS does not know."""

from __future__ import annotations

from ops.checks.dns.claimable import service_of
from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, target, titled
from ops.snapshots.whole import NotRead


def _judge(zone: ZoneView) -> Found:
    for record in zone.of("CNAME"):
        name = target(record)
        # A record of a service (_sip._tcp) is not visited with a browser.
        if not (service := service_of(name)) or record["name"].startswith("_"):
            continue
        if zone.account.dead is None:
            raise NotRead("DNS", "not asked", "--resolve asks whether the targets exist")
        dead = zone.account.dead(name)
        if dead is None:
            yield NotRead("DNS", "no answer", name)
        elif dead:
            problem = f"points to {name} at {service}, which DNS does not know: anybody may claim it"
            yield Subject(RECORDS, titled(record), problem, record)


CHECK = Check(
    id="takeover-candidate",
    severity="high",
    title="CNAME to an unclaimed name of a service",
    why="Anyone who registers the name at the service serves pages and gets certificates under your domain.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.delete --zone ZONE --name NAME --type CNAME",
    caution="Only with --resolve. A name counts only if DNS answers that it does not exist; pages of the"
    " service are not looked at, because their texts mislead.",
    sources=("can-i-take-over-xyz", "Prowler: dns_record_cname_target_valid"),
)
