"""The kinds of R2: buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource, Restore, Writes
from ops.products.r2 import api
from ops.products.r2.parts import PARTS

if TYPE_CHECKING:
    from ops.items import Json


def _canonical(bucket: Json) -> Json:
    """Return *bucket* with its location in lower case: the API answers in either case."""
    location = bucket.get("location")
    return {**bucket, "location": location.lower()} if isinstance(location, str) else bucket


def _blocked(wanted: Json, live: Json | None, _now: float) -> str:
    places = [_canonical(bucket).get("location") for bucket in (wanted, live or {})]
    return "the location of a bucket cannot be changed" if all(places) and places[0] != places[1] else ""


def _block(account: Owner, bucket: Json) -> Block:
    where = api.jurisdiction_of(bucket)
    arguments = {"account_id": account.account_id, "name": bucket["name"], "jurisdiction": where}
    return Block("cloudflare_r2_bucket", f"{account.account_id}/{bucket['name']}/{where}", arguments)


LOST = "its CORS, lifecycle, lock and notification rules, and its public addresses"
BUCKET = Resource(
    kind="r2.bucket",
    parent=ACCOUNT,
    path=api.BUCKETS,
    paging=api.PAGING,
    listing=lambda client, account: api.list_buckets(client, account.id),
    needs="Account > Workers R2 Storage > Read",
    task="r2.list",
    identity=("name", "jurisdiction"),
    types={"jurisdiction": str},
    key="name",
    compare=Compare(volatile=("creation_date",), canonical=_canonical),
    writes=Writes(
        find=api.find_bucket,
        create=api.create_bucket,
        update=api.set_storage_class,
        delete=api.delete_bucket,
        lost=LOST,
    ),
    restore=Restore(
        blocked=_blocked, not_restored=lambda _wanted, live: () if live else (f"its objects, {LOST}",)
    ),
    terraform=_block,
)
RESOURCES = (BUCKET, *PARTS)
