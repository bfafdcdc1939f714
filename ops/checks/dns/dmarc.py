"""DMARC: what receivers do with forged mail of the domain."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView


def _judge(zone: ZoneView) -> Found:
    if not zone.full:
        return
    name = f"_dmarc.{zone.name}"
    # A CNAME leads to a service that publishes the policy, NS records delegate the name to one.
    if any(one["type"] in ("CNAME", "NS") for one in zone.by_name.get(name, ())):
        return
    policies = [(text, one) for text, one in zone.texts(name) if text.lower().startswith("v=dmarc1")]
    if not policies:
        parent = zone.parent()
        if parent is not None and f"_dmarc.{parent['name'].lower()}" in zone.account.names(parent):
            return  # receivers look there next
        yield Subject(RECORDS, f"{name} TXT", "does not exist", {})
        return
    text, record = policies[0]
    tags = dict(part.strip().lower().partition("=")[::2] for part in text.split(";"))
    if tags.get("p", "").strip() == "none":
        yield Subject(RECORDS, f"{name} TXT", "p=none: forged mail is delivered", record, "low")


CHECK = Check(
    id="dmarc",
    severity="medium",
    title="DMARC is missing or only watches",
    why="Receivers deliver mail that claims to come from the domain.",
    needs=(RECORDS,),
    judge=_judge,
    fix='inv dns.create --zone ZONE --name _dmarc --type TXT --content "v=DMARC1; p=reject; rua=mailto:…"',
    caution="A policy of the parent zone and a CNAME to a service count. p=none is a stage on the way, so it"
    " is low.",
    sources=("Prowler: dns_dmarc", "Cloudflare Security Insights: DMARC record errors"),
)
