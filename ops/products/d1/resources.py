"""What D1 lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.d1 import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def _databases(client: Client, account: Owner) -> Listing:
    return api.list_databases(client, account.id)


RESOURCES = (
    Resource(
        kind="d1.database",
        scope=ACCOUNT,
        list=_databases,
        identity=("name",),
        key="uuid",
        volatile=("uuid", "created_at", "file_size", "num_tables"),
        needs="Account > D1 > Read",
    ),
)
