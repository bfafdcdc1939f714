"""The tasks of dns."""

from __future__ import annotations

import json
from pathlib import Path

from ops.sandbox.server import Sandbox
from tests.cases import ZONE, Case, Inv, Read
from tests.products.writing import answer

AT = ("--zone", "example.com")
ZONE_FILE = 'new 300 IN A 192.0.2.1\nnew MX 10 mail.example.net.\nnew TXT ( "a" "b" )\n'


def _zone_file(_sandbox: Sandbox) -> None:
    Path("new.zone").write_text(ZONE_FILE)


def _records(sandbox: Sandbox) -> None:
    """Write a file after which a CNAME is an A, one record is changed, one is new and one is gone."""
    (zone,) = answer(sandbox, "/zones?name=example.com")
    live = answer(sandbox, f"/zones/{zone['id']}/dns_records?per_page=5000")
    gone = ("docs.example.com", "mx2.example.com")
    kept = [record for record in live if record["name"] not in gone]
    changed = [{**one, "content": "192.0.2.8"} if _is_vpn(one) else one for one in kept]
    added = [{"name": "docs", "type": "A", "content": "192.0.2.7", "ttl": 300}]
    added.append({"name": "fresh", "type": "TXT", "content": "new"})
    Path("records.json").write_text(json.dumps([*changed, *added]))


def _is_vpn(record: dict[str, object]) -> bool:
    return (record["name"], record["type"]) == ("vpn.example.com", "A")


def _export(inv: Inv) -> None:
    Path("zone.json").write_text(inv("dns.export", *ZONE, "--format", "json").out)


READS = {
    "dns.list": Read(ZONE, sends=r"GET /zones/\w+/dns_records\?order=name"),
    "dns.get": Read(
        (*ZONE, "--id", "{record}"),
        sends=r"GET /zones/\w+/dns_records/\w{32}$",
        ids={"record": ("dns.list", *ZONE)},
    ),
    "dns.find": Read(("--address", "192.0.2.0/24"), sends=r"GET /zones/\w+/dns_records\?order=name"),
    "dns.export": Read((*ZONE, "--format", "bind"), sends=r"GET /zones/\w+/dns_records"),
    "dns.plan": Read((*ZONE, "--file", "zone.json"), sends=r"GET /zones/\w+/dns_records\?", arrange=_export),
}

WRITES = {
    "dns.create": Case(("dns.create", *AT, "--name", "new", "--type", "A", "--content", "192.0.2.1")),
    "dns.create MX": Case(
        ("dns.create", *AT, "--name", "@", "--type", "MX", "--content", "mail.example.net", "--priority", "0")
    ),
    "dns.create SRV": Case(
        ("dns.create", *AT, "--name", "_x._tcp", "--type", "SRV", "--priority", "0", "--weight", "5",
         "--port", "443", "--target", "www.example.com")
    ),
    "dns.update": Case(("dns.update", *AT, "--name", "vpn", "--type", "A", "--content", "192.0.2.9")),
    "dns.update URI": Case(("dns.update", *AT, "--name", "_ftp._tcp", "--type", "URI", "--weight", "7")),
    "dns.put": Case(("dns.put", *AT, "--name", "docs", "--type", "CNAME", "--content", "other.example.net")),
    "dns.put new": Case(("dns.put", *AT, "--name", "new", "--type", "AAAA", "--content", "2001:db8::1")),
    "dns.delete": Case(("dns.delete", *AT, "--name", "vpn", "--type", "SSHFP", "--yes")),
    "dns.import": Case(("dns.import", *AT, "--file", "new.zone"), _zone_file),
    "dns.apply": Case(("dns.apply", *AT, "--file", "records.json", "--yes"), _records),
}  # fmt: skip
