"""The tasks of checks."""

from __future__ import annotations

from tests.cases import Read, after

EXPORT = ("scan.export", "--quiet")
READS = {
    "checks.run": Read(("--live", "--only", "wildcard"), sends=r"GET /zones/\w+/dns_records"),
    "checks.list": Read(prints="takeover-candidate"),
    "checks.explain": Read(("spf",), prints="Anybody can send mail"),
    "checks.accept": Read(
        ("wildcard", "wild.example/*", "--why", "meant"),
        leaves="work/.cfops-ignore.toml",
        arrange=after(EXPORT),
    ),
}
