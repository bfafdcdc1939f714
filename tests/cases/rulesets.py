"""The tasks of rulesets."""

from __future__ import annotations

from tests.cases import ZONE, Case, Read

READS = {
    "rulesets.list": Read(sends="GET /accounts/.*/rulesets", prints="Shared redirects"),
    "rulesets.info": Read(
        ("--ruleset", "http_ratelimit", "--zone", "example.com"),
        sends="GET /zones/.*/rulesets",
        prints="logins",
    ),
    "rulesets.rules": Read(
        ("--phase", "http_ratelimit", *ZONE), sends="GET /zones/.*/rulesets", prints="logins"
    ),
}
CUSTOM = "http_request_firewall_custom"
SCANNER = ("--action", "block", "--expression", "ip.src eq 192.0.2.1", "--description", "Block scanner")
WRITES = {
    "rulesets.rule-add": Case(("rulesets.rule-add", CUSTOM, *ZONE, *SCANNER, "--before", "first")),
    "rulesets.rule-add of the account": Case(
        ("rulesets.rule-add", CUSTOM, *SCANNER, "--ref", "scanner", "--disabled")
    ),
    "rulesets.rule-update": Case(
        ("rulesets.rule-update", "http_ratelimit", "five logins a minute", *ZONE, "--enabled", "no")
    ),
    "rulesets.rule-update of a place": Case(
        ("rulesets.rule-update", CUSTOM, "Account firewall", "--action", "log", "--after", "last")
    ),
    "rulesets.rule-delete": Case(
        ("rulesets.rule-delete", "http_ratelimit", "five logins a minute", *ZONE, "--yes")
    ),
}
