"""The kinds of Pages: projects, and the domains of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.collection import PATCH, Verbs, collection, lost
from ops.kinds.paging import Followed, Pages
from ops.kinds.resource import Restore, Uses

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


READ = "Account > Cloudflare Pages > Read"
PROJECTS = "/accounts/{account}/pages/projects"
NEVER = "its deployments: build or upload the site again", "its encrypted variables, which are never returned"
PROJECT = collection(
    "pages.project",
    PROJECTS,
    READ,
    key="name",
    # The bounds are not documented; the examples of the API show 10.
    paging=Pages(10, least=10),
    volatile=(
        "latest_deployment",
        "canonical_deployment",
        "subdomain",
        "domains",
        "preview_script_name",
        "production_script_name",
        "framework",
        "framework_version",
        "uses_functions",
        "build_config.web_analytics_token",
    ),
    secret=("deployment_configs.production.env_vars.*.value", "deployment_configs.preview.env_vars.*.value"),
    verbs=Verbs(
        update=PATCH,
        sent=("name", "production_branch", "build_config", "deployment_configs", "source"),
    ),
    confirm_by_name=True,
    lost="its deployments, and the settings of its builds",
    restore=Restore(
        mentions=("kv.namespace", "d1.database", "queues.queue", "do.namespace", "hyperdrive.config"),
        not_restored=lost(*NEVER),
    ),
    terraform="cloudflare_pages_project",
    uses=Uses(tuple(kind for _, kind, _ in BINDINGS), _bound),
)
DOMAIN = collection(
    "pages.domain",
    PROJECTS + "/{project}/domains",
    READ,
    parent="pages.project",
    key="name",
    paging=Followed(),
    volatile=(
        "domain_id",
        "status",
        "validation_data",
        "verification_data",
        "certificate_authority",
        "zone_tag",
    ),
    deep=True,
    verbs=Verbs(update="", sent=("name",)),
)
RESOURCES = (PROJECT, DOMAIN)
