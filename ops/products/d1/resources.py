"""What D1 lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.d1 import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _databases(client: Client, account: Owner) -> Listing:
    return api.list_databases(client, account.id)


def _block(account: Owner, database: Json) -> Block:
    wanted = {"account_id": account.account_id, "name": database["name"]}
    return Block("cloudflare_d1_database", f"{account.account_id}/{database['uuid']}", wanted)


RESOURCES = (
    Resource(
        kind="d1.database",
        parent=ACCOUNT,
        list=_databases,
        identity=("name",),
        key="uuid",
        compare=Compare(volatile=("uuid", "created_at", "file_size", "num_tables")),
        terraform=_block,
        needs="Account > D1 > Read",
    ),
)
