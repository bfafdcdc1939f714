"""The kinds of Pages: projects, each with its latest deployment."""

from __future__ import annotations

from ops.kinds.paging import Pages
from ops.kinds.resource import ACCOUNT, Compare, Resource, Restore, block

PROJECT = Resource(
    kind="pages.project",
    parent=ACCOUNT,
    path="/accounts/{account}/pages/projects",
    # The bounds are not documented; the examples of the API show 10.
    paging=Pages(10, least=10),
    needs="Account > Cloudflare Pages > Read",
    identity=("name",),
    key="name",
    compare=Compare(volatile=("id", "created_on", "latest_deployment", "canonical_deployment")),
    restore=Restore(mentions=("kv.namespace", "d1.database", "queues.queue", "do.namespace")),
    terraform=block("cloudflare_pages_project", "{account_id}/{name}"),
)
RESOURCES = (PROJECT,)
