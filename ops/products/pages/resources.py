"""The kinds of Pages: projects, and the domains of each."""

from __future__ import annotations

from ops.kinds.collection import PATCH, Verbs, collection, lost
from ops.kinds.paging import Followed, Pages
from ops.kinds.resource import Restore

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
