"""The kinds of Workers for Platforms: dispatch namespaces."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "dispatch.namespace",
        "/accounts/{account}/workers/dispatch/namespaces",
        "Account > Workers Scripts > Read",
        identity=("namespace_name",),
        key="namespace_name",
        label="namespace_name",
        volatile=("namespace_id", "created_by", "modified_by", "script_count"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="their scripts are not part of a snapshot"),
        terraform="cloudflare_workers_for_platforms_dispatch_namespace",
    ),
)
