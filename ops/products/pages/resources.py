"""The kinds of Pages: projects, each with its latest deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Pages
from ops.kinds.resource import ACCOUNT, Compare, Resource, Restore, Uses, block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.items import Json

# What the functions of a project are bound to: the field of a configuration, the kind, and what names it.
BINDINGS = (
    ("kv_namespaces", "kv.namespace", "namespace_id"),
    ("d1_databases", "d1.database", "id"),
    ("r2_buckets", "r2.bucket", "name"),
    ("queue_producers", "queues.queue", "name"),
    ("durable_object_namespaces", "do.namespace", "namespace_id"),
    ("services", "workers.script", "service"),
)


def _bound(_account: str, project: Json) -> Iterator[tuple[str, str]]:
    for config in (project.get("deployment_configs") or {}).values():
        for field, kind, name in BINDINGS:
            for binding in (config.get(field) or {}).values():
                if binding and binding.get(name):
                    yield kind, str(binding[name])


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
    uses=Uses(tuple(kind for _, kind, _ in BINDINGS), _bound),
)
RESOURCES = (PROJECT,)
