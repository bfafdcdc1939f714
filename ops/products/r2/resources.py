"""The kinds of R2: buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Cursor
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def _block(account: Owner, bucket: Json) -> Block:
    where = bucket.get("jurisdiction") or "default"
    arguments = {"account_id": account.account_id, "name": bucket["name"], "jurisdiction": where}
    return Block("cloudflare_r2_bucket", f"{account.account_id}/{bucket['name']}/{where}", arguments)


BUCKET = Resource(
    kind="r2.bucket",
    parent=ACCOUNT,
    path="/accounts/{account}/r2/buckets",
    paging=Cursor(1000, name="per_page", inside="buckets", identity="name"),
    needs="Account > Workers R2 Storage > Read",
    identity=("name",),
    key="name",
    compare=Compare(volatile=("creation_date",)),
    terraform=_block,
)
RESOURCES = (BUCKET,)
