"""The kinds of Workflows."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "workflows.workflow",
        "/accounts/{account}/workflows",
        "Account > Workers Scripts > Read",
        key="name",
        paging=Pages(100),
        volatile=("instances", "version_id", "triggered_on"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="deploying their script creates them"),
        terraform="cloudflare_workflow",
    ),
)
