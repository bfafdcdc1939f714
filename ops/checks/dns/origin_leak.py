"""DNS-only names that show the address behind a proxied one."""

from __future__ import annotations

import re

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, is_dummy, titled

# Names that cannot be proxied, because other protocols than HTTP use them.
_ON_PURPOSE = re.compile(r"(mail|smtp|imap|pop|mx|webmail|autodiscover|ssh|s?ftp|vpn|ns|sip)\d*")


def _judge(zone: ZoneView) -> Found:
    hidden: dict[str, str] = {}
    for record in zone.of("A", "AAAA"):
        if record.get("proxied") and not is_dummy(record["content"]):
            hidden.setdefault(record["content"], record["name"].lower())
    if not hidden:
        return
    for record in zone.of("A", "AAAA"):
        name = record["name"].lower()
        if record.get("proxied") or record["content"] not in hidden or name in zone.mail_targets:
            continue
        if not _ON_PURPOSE.fullmatch(name.partition(".")[0]):
            problem = f"shows {record['content']}, the origin of {hidden[record['content']]}"
            yield Subject(RECORDS, titled(record), problem, record)


CHECK = Check(
    id="origin-leak",
    severity="high",
    title="A DNS-only name shows the address of a proxied origin",
    why="Attacks can go around Cloudflare, directly to the origin.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.update --zone ZONE --name NAME --type A --proxied, or let the origin accept Cloudflare only",
    caution="Targets of MX records and names such as mail, ssh and vpn are DNS-only on purpose and are not"
    " reported, although they show the address too. Shared hosting and load balancers look the same.",
    sources=("Cloudflare Security Insights: unproxied records", "FlareInspect: INSIGHT-001"),
)
