"""What Durable Objects lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Owner, Resource
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
        scope=ACCOUNT,
        list=_namespaces,
        identity=("script", "class"),
        volatile=("id",),
        needs=READ,
        reason="a script's deployment makes it",
    ),
    Resource(
        kind="do.object",
        scope="do.namespace",
        list=_objects,
        identity=("id",),
        label="id",
        needs=READ,
        reason="no call reads or writes their data",
    ),
)
