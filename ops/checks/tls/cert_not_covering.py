"""Proxied names that no certificate covers."""

from __future__ import annotations

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, titled

PACK, CUSTOM, HOSTNAME = "ssl.pack", "ssl.certificate", "ssl.hostname"


def _judge(zone: ZoneView) -> Found:
    hosts = {host.lower() for pack in zone.items(PACK) for host in pack.get("hosts") or ()}
    bare = [record for record in zone.proxied if not _covered(record["name"].lower(), hosts)]
    if not bare:
        return
    # Only here may the certificates matter that a default snapshot lacks.
    hosts |= {host.lower() for one in zone.items(CUSTOM) for host in one.get("hosts") or ()}
    hosts |= {str(one.get("hostname")).lower() for one in zone.items(HOSTNAME)}
    for record in bare:
        if not _covered(record["name"].lower(), hosts):
            yield Subject(RECORDS, titled(record), "is proxied, but no certificate covers it", record)


def _covered(name: str, hosts: set[str]) -> bool:
    return name in hosts or f"*.{name.partition('.')[2]}" in hosts


CHECK = Check(
    id="cert-not-covering",
    severity="high",
    title="A proxied name without a certificate",
    why="Universal certificates cover one level; browsers show an error for names below.",
    needs=(PACK, RECORDS),
    also=(CUSTOM, HOSTNAME),
    judge=_judge,
    fix="order an advanced certificate for the name, turn on Total TLS, or rename it to one level",
    caution="Advanced, custom and per-host certificates and custom hostnames count: those of a default"
    " snapshot first, the others (scan.export --deep) where it matters.",
)
