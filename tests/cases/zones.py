"""The tasks of zones."""

from __future__ import annotations

from tests.cases import ZONE, Case, Read

READS = {
    "zones.list": Read(sends=r"GET /zones\?"),
    "zones.info": Read(ZONE, sends=r"GET /zones/\w+/dnssec"),
    "zones.stats": Read(ZONE, sends="POST /graphql"),
    "zones.settings": Read(ZONE, sends=r"GET /zones/\w+/settings"),
}

WRITES = {
    "zones.create": Case(("zones.create", "--name", "new.example"), confirm="new.example"),
    "zones.pause": Case(("zones.pause", "--zone", "example.org")),
    "zones.pause resume": Case(("zones.pause", "--zone", "paused.example", "--resume")),
    "zones.set": Case(
        ("zones.set", "--zone", "example.com", "--setting", "min_tls_version", "--value", "1.3",
         "--setting", "security_header", "--value", '{"strict_transport_security": {"max_age": 60}}')
    ),
    "zones.delete": Case(
        ("zones.delete", "--zone", "example.org", "--confirm", "example.org"),
        reversible=False,
        why="a deletion is permanent for its DNS records",
    ),
}  # fmt: skip
