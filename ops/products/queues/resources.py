"""What Queues lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.queues import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _queues(client: Client, account: Owner) -> Listing:
    return api.list_queues(client, account.id)


def _block(account: Owner, queue: Json) -> Block:
    wanted = {"account_id": account.account_id, "queue_name": queue["queue_name"]}
    return Block("cloudflare_queue", f"{account.account_id}/{queue['queue_id']}", wanted)


RESOURCES = (
    Resource(
        kind="queues.queue",
        parent=ACCOUNT,
        list=_queues,
        identity=("queue_name",),
        key="queue_id",
        label="queue_name",
        compare=Compare(volatile=("queue_id", "created_on", "modified_on")),
        terraform=_block,
        needs="Account > Queues > Read",
    ),
)
