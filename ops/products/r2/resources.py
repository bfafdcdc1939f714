"""What R2 lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.r2 import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def _buckets(client: Client, account: Owner) -> Listing:
    return api.list_buckets(client, account.id)


RESOURCES = (
    Resource(
        kind="r2.bucket",
        scope=ACCOUNT,
        list=_buckets,
        identity=("name",),
        key="name",
        volatile=("creation_date",),
        needs="Account > Workers R2 Storage > Read",
    ),
)
