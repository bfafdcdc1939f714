"""CNAMEs to a Pages project, a Worker, a bucket or a tunnel that this account does not have."""

from __future__ import annotations

from collections.abc import Iterable

from ops.checks.model import RECORDS, Check, Found, Subject, View, ZoneView, target, titled
from ops.items import Json
from ops.snapshots.whole import NotRead

PAGES, WORKERS, R2, TUNNELS = ".pages.dev", ".workers.dev", ".r2.cloudflarestorage.com", ".cfargotunnel.com"
SUBDOMAIN, SCRIPT, PROJECT, BUCKET = "workers.subdomain", "workers.script", "pages.project", "r2.bucket"
TUNNEL = "tunnels.tunnel"


def _judge(zone: ZoneView) -> Found:
    unread: dict[str, NotRead] = {}
    for record in zone.of("CNAME"):
        try:
            gone = _gone(zone.account, target(record))
        except NotRead as gap:
            unread[gap.kind] = gap
            continue
        if gone:
            problem = f"points to {target(record)}: {gone} is not in this account"
            yield Subject(RECORDS, titled(record), problem, record)
    yield from unread.values()


def _gone(view: View, name: str) -> str:
    """Return what *name* belongs to if this account and the others here lack it. Raises NotRead."""
    if name.endswith(PAGES):
        host = ".".join(name.split(".")[-3:])
        return "" if host in _hosts(view, PROJECT, "subdomain") else f"the Pages project of {host}"
    if name.endswith(WORKERS):
        script, _, subdomain = name.removesuffix(WORKERS).rpartition(".")
        if subdomain not in {str(one.get("subdomain")).lower() for one in view.items(SUBDOMAIN)}:
            return ""  # that of another account, whose scripts are not known here
        return "" if script in _hosts(view, SCRIPT, "id") else f"the Worker {script}"
    if name.endswith(R2):
        bucket, _, account = name.removesuffix(R2).partition(".")
        if account.partition(".")[0] != view.sections.account_id:
            return ""
        return "" if bucket in _hosts(view, BUCKET, "name") else f"the bucket {bucket}"
    if name.endswith(TUNNELS):
        tunnel = name.removesuffix(TUNNELS)
        return "" if tunnel in _hosts(view, TUNNEL, "id") else f"the tunnel {tunnel}"
    return ""


def _hosts(view: View, kind: str, field: str) -> set[str]:
    items: Iterable[Json] = (*view.items(kind), *view.elsewhere(kind))
    return {str(item.get(field)).lower() for item in items}


CHECK = Check(
    id="cname-to-foreign-gone",
    severity="high",
    title="CNAME to a Pages project, Worker, bucket or tunnel that does not exist",
    why="Anyone who creates a project or a Worker with that name receives the visitors of the record.",
    needs=(RECORDS,),
    also=(PROJECT, SUBDOMAIN, SCRIPT, BUCKET, TUNNEL),
    judge=_judge,
    fix="inv dns.delete --zone ZONE --name NAME --type CNAME, or create the project again",
    caution="It may belong to another account of yours: a snapshot of that account in exports/ is looked at"
    " too. Otherwise `inv checks.accept` keeps it quiet.",
    sources=("Cloudflare Security Insights: dangling records", "FlareInspect"),
)
