"""The tasks of snapshots."""

from __future__ import annotations

from contextlib import suppress

from ops.program import OpsProgram, collection
from ops.sandbox.server import Sandbox
from tests.cases import Case, Read, after
from tests.snapshots.touching import Account


def _export(sandbox: Sandbox) -> Account:
    program = OpsProgram(name="inv", binary="inv", namespace=collection(), version="test")
    with suppress(SystemExit):
        program.run(["inv", "scan.export", "--kv", "values", "--quiet"])
    return Account(sandbox)


def _changed(sandbox: Sandbox) -> None:
    """Records, a setting, keys and a route that are not as they were."""
    account = _export(sandbox)
    zone = account.zone_id
    records = f"/zones/{zone}/dns_records"
    gone, edited = account.call("GET", f"{records}?type=CNAME")[:2]
    account.call("DELETE", f"{records}/{gone['id']}")
    account.call("PATCH", f"{records}/{edited['id']}", {"ttl": 1800})
    wanted = {"type": "TXT", "name": "new.example.com", "content": '"hello"', "ttl": 300}
    account.call("POST", records, wanted)
    account.call("PATCH", f"/zones/{zone}/settings/ssl", {"value": "off"})
    route = account.call("GET", f"/zones/{zone}/workers/routes")[0]
    account.call("DELETE", f"/zones/{zone}/workers/routes/{route['id']}")
    spaces = f"/accounts/{account.id}/storage/kv/namespaces"
    id = account.call("GET", spaces)[0]["id"]
    keys = account.call("GET", f"{spaces}/{id}/keys")
    account.call("POST", f"{spaces}/{id}/bulk/delete", [key["name"] for key in keys[:3]])
    account.call("PUT", f"{spaces}/{id}/bulk", [{"key": "come since", "value": "x"}])


def _script_gone(sandbox: Sandbox) -> None:
    account = _export(sandbox)
    account.call("DELETE", f"/accounts/{account.id}/workers/scripts/redirects")


EXPORT = ("scan.export", "--quiet")
READS = {
    "snapshots.list": Read(prints="complete", arrange=after(EXPORT)),
    "snapshots.show": Read(prints="dns.record", arrange=after(EXPORT)),
    "snapshots.status": Read(prints="true", arrange=after(EXPORT)),
    "snapshots.verify": Read(("--live",), sends=r"GET /zones/\w+/dns_records", arrange=after(EXPORT)),
    "snapshots.diff": Read(("latest", "live"), sends=r"GET /zones/\w+/dns_records", arrange=after(EXPORT)),
    "snapshots.drift": Read(sends=r"GET /zones/\w+/dns_records", arrange=after(EXPORT)),
    "snapshots.counts": Read(prints="dns.record", arrange=after(EXPORT)),
    "history": Read(
        ("dns.record", "--zone", "example.com", "--name", "api"),
        prints="api.example.com",
        arrange=after(EXPORT),
    ),
    "query": Read(("SELECT count(*) AS zones FROM zones_zone",), prints="zones", arrange=after(EXPORT)),
    "snapshots.prune": Read(
        ("--keep-last", "1", "--yes"), prints="remove", arrange=after(EXPORT, EXPORT, EXPORT)
    ),
    "snapshots.render": Read(("--to", "all.html"), leaves="work/all.html", arrange=after(EXPORT)),
    "snapshots.push": Read(("--to", "s3://{bucket}/prefix"), prints="s3://", arrange=after(EXPORT)),
}

WRITES = {
    "snapshots.restore": Case(("snapshots.restore", "--yes"), arrange=_changed),
    "snapshots.restore with deletions": Case(("snapshots.restore", "--delete", "--yes"), arrange=_changed),
    "snapshots.restore a script": Case(
        ("snapshots.restore", "--kind", "workers", "--yes"),
        arrange=_script_gone,
        confirm="redirects",
        history=("worker.module",),
    ),
}
