"""The kinds of Workers for Platforms: dispatch namespaces."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, lost
from ops.kinds.resource import Restore, address

NAMESPACES = "/accounts/{account}/workers/dispatch/namespaces"
NAMESPACE = collection(
    "dispatch.namespace",
    NAMESPACES,
    "Account > Workers Scripts > Read",
    identity=("namespace_name",),
    key="namespace_name",
    label="namespace_name",
    volatile=("namespace_id", "created_by", "modified_by", "script_count"),
    read_only=("trusted_workers",),
    verbs=Verbs(update=""),
    restore=Restore(not_restored=lost("its scripts, which are not part of a snapshot")),
    confirm_by_name=True,
    lost="all its scripts",
    terraform="cloudflare_workers_for_platforms_dispatch_namespace",
)
assert NAMESPACE.writes is not None  # noqa: S101 (a collection has them)
RESOURCES = (
    NAMESPACE._replace(
        writes=NAMESPACE.writes._replace(
            create=lambda client, account, namespace: client.post(
                address(NAMESPACES, account), json={"name": namespace["namespace_name"]}
            )
        )
    ),
)
