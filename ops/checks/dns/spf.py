"""SPF: which servers may send mail of the domain."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView

_OPEN = {"+all": "lets everybody send", "all": "lets everybody send", "?all": "says nothing about others"}


def _judge(zone: ZoneView) -> Found:
    if not zone.full:
        return
    texts = zone.texts(zone.name)
    policies = [(text, one) for text, one in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not policies and any(one["type"] == "CNAME" for one in zone.by_name.get(zone.name, ())):
        return  # the apex is an alias, whose target has the policy
    if not policies:
        problem, severity = "has no SPF record", ""
        if not zone.accepts_mail:
            problem, severity = 'gets no mail and has no SPF record: "v=spf1 -all" says so', "low"
        yield Subject(RECORDS, f"{zone.name} TXT", problem, {}, severity)
    elif len(policies) > 1:
        problem = f"has {len(policies)} SPF records, so receivers ignore all of them"
        yield Subject(RECORDS, f"{zone.name} TXT", problem, policies[1][1])
    else:
        for word in policies[0][0].lower().split():
            if word in _OPEN:
                yield Subject(RECORDS, f"{zone.name} TXT", f"{word} {_OPEN[word]}", policies[0][1])


CHECK = Check(
    id="spf",
    severity="medium",
    title="SPF is missing, doubled or open",
    why="Anybody can send mail in the name of the domain.",
    needs=(RECORDS,),
    judge=_judge,
    fix='inv dns.create --zone ZONE --name @ --type TXT --content "v=spf1 include:… -all"',
    caution="A domain without mail is reported as low. What `include` and `redirect` name is not looked up.",
    sources=("Prowler: dns_spf", "Cloudflare Security Insights: SPF record errors"),
)
