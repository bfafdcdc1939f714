"""What Durable Objects lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Compare, Owner, Resource, Restore
from ops.products.durable_objects import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing

READ = "Account > Workers Scripts > Read"


def _namespaces(client: Client, account: Owner) -> Listing:
    return api.list_namespaces(client, account.id)


def _objects(client: Client, namespace: Owner) -> Listing:
    return api.list_objects(client, namespace.account_id, namespace.id)


RESOURCES = (
    Resource(
        kind="do.namespace",
        parent=ACCOUNT,
        list=_namespaces,
        identity=("script", "class"),
        compare=Compare(volatile=("id",)),
        needs=READ,
        restore=Restore(unsupported="a script's deployment makes it"),
    ),
    Resource(
        kind="do.object",
        parent="do.namespace",
        list=_objects,
        identity=("id",),
        label="id",
        needs=READ,
        restore=Restore(unsupported="no call reads or writes their data"),
    ),
)
