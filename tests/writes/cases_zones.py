"""The commands that write zones and their settings."""

from __future__ import annotations

from tests.writes.case import Case

CASES = {
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
        why="gone for good are all its DNS records",
    ),
}  # fmt: skip
