"""The kinds of D1: databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Pages
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def _block(account: Owner, database: Json) -> Block:
    arguments = {"account_id": account.account_id, "name": database["name"]}
    return Block("cloudflare_d1_database", f"{account.account_id}/{database['uuid']}", arguments)


DATABASE = Resource(
    kind="d1.database",
    parent=ACCOUNT,
    path="/accounts/{account}/d1/database",
    paging=Pages(10_000, least=10),
    needs="Account > D1 > Read",
    identity=("name",),
    key="uuid",
    compare=Compare(volatile=("uuid", "created_at", "file_size", "num_tables")),
    terraform=_block,
)
RESOURCES = (DATABASE,)
