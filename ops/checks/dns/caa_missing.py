"""CAA: which authorities may issue certificates."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView


def _judge(zone: ZoneView) -> Found:
    apex = {one["type"] for one in zone.by_name.get(zone.name, ())}
    if not zone.full or apex & {"CAA", "CNAME"}:
        return
    parent = zone.parent()
    # An authority looks upward until it finds a policy.
    if parent is not None and _has_caa(zone, parent["id"], parent["name"].lower()):
        return
    yield Subject(RECORDS, f"{zone.name} CAA", "does not exist: every authority may issue", {})


def _has_caa(zone: ZoneView, id: str, name: str) -> bool:
    records = zone.account.sections.items(RECORDS, id)
    return any(one["type"] == "CAA" and one["name"].lower() == name for one in records)


CHECK = Check(
    id="caa-missing",
    severity="low",
    title="No CAA record at the apex",
    why="Every authority of the world may issue a certificate for the domain.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.create --zone ZONE --name @ --type CAA --content '0 issue \"letsencrypt.org\"'",
    caution="Cloudflare adds its own authorities as soon as one CAA record exists. The parent zone's counts.",
    sources=("Prowler: zone_caa", "FlareInspect: DNS-004"),
)
