"""The kinds of Durable Objects: namespaces and the ids of their objects."""

from __future__ import annotations

from ops.kinds.paging import Cursor, Pages
from ops.kinds.resource import ACCOUNT, Compare, Resource, Restore
from ops.products.durable_objects import api

READ = "Account > Workers Scripts > Read"

RESOURCES = (
    Resource(
        kind="do.namespace",
        parent=ACCOUNT,
        path="/accounts/{account}/workers/durable_objects/namespaces",
        paging=Pages(api.NAMESPACES_PAGE),
        needs=READ,
        task="do.list",
        identity=("script", "class"),
        types={"script": str, "class": str},
        compare=Compare(volatile=("id",)),
        restore=Restore(unsupported="deploying their script creates them"),
    ),
    Resource(
        kind="do.object",
        parent="do.namespace",
        path="/accounts/{account}/workers/durable_objects/namespaces/{namespace}/objects",
        paging=Cursor(api.OBJECTS_PAGE),
        needs=READ,
        task="do.objects",
        identity=("id",),
        label="id",
        restore=Restore(unsupported="the API does not read or write their data"),
    ),
)
