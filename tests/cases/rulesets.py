"""The tasks of rulesets."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "rulesets.list": Read(sends="GET /accounts/.*/rulesets", prints="Shared redirects"),
    "rulesets.info": Read(
        ("--ruleset", "http_ratelimit", "--zone", "example.com"),
        sends="GET /zones/.*/rulesets",
        prints="logins",
    ),
}
