"""What R2 lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.r2 import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _buckets(client: Client, account: Owner) -> Listing:
    return api.list_buckets(client, account.id)


def _block(account: Owner, bucket: Json) -> Block:
    where = bucket.get("jurisdiction") or "default"
    wanted = {"account_id": account.account_id, "name": bucket["name"], "jurisdiction": where}
    return Block("cloudflare_r2_bucket", f"{account.account_id}/{bucket['name']}/{where}", wanted)


RESOURCES = (
    Resource(
        kind="r2.bucket",
        parent=ACCOUNT,
        list=_buckets,
        identity=("name",),
        key="name",
        compare=Compare(volatile=("creation_date",)),
        terraform=_block,
        needs="Account > Workers R2 Storage > Read",
    ),
)
